"""The live link: how the console reaches what must not wait and is never kept.

The acquisition service listens at a Unix stream socket; the console asks it to take pictures, and
is told at once what became of them. Nothing is queued: while the service is away, a request fails.
"""
