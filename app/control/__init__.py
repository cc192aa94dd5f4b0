"""Requests between processes: small typed commands, each answered or timed out."""

from app.control.channel import CommandClient, CommandServer, Request

__all__ = ["CommandClient", "CommandServer", "Request"]
