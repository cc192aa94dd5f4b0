"""Learning: from recordings and pictures with questions to a checkpoint."""
