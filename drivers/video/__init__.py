"""Video grabbers: a small V4L2 layer, capture profiles, signal states and a simulated grabber.

:class:`drivers.video.source.VideoSource` is what the rest of the box sees; everything below it
speaks the :class:`drivers.video.device.VideoDevice` protocol, which the kernel's devices
(:mod:`drivers.video.v4l2`) and the simulated one (:mod:`drivers.video.sim`) both satisfy.
"""
