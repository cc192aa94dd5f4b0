"""Data between processes: one writer or a few, many readers, shared memory, newest-wins or every sample with its gaps."""

from app.dataplane.plane import Bytes, DataPlane, Publisher, Sample, Subscriber, Topic

__all__ = ["Bytes", "DataPlane", "Publisher", "Sample", "Subscriber", "Topic"]
