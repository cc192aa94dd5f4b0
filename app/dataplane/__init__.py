"""Data between processes in shared memory: newest wins for the screen, every sample with its gaps for the recorder."""

from app.dataplane.plane import Bytes, DataPlane, Publisher, Sample, Subscriber, Topic

__all__ = ["Bytes", "DataPlane", "Publisher", "Sample", "Subscriber", "Topic"]
