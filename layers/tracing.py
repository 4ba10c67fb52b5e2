"""How a call is being computed, for layers that know more than one way: eagerly, as a graph, or for XLA; on which device."""

import functools

from keras import backend


@functools.cache
def tensorflow_on_cpu():
    """Whether TensorFlow computes, and sees no accelerator."""
    if backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return all(device.device_type == "CPU" for device in tf.config.list_logical_devices())


def traced_for_xla():
    """Whether TensorFlow traces the call for XLA (`jit_compile=True`), and inside a loop that XLA compiles: two booleans."""
    import tensorflow as tf

    try:
        from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext
    except ImportError:  # not public: without it the plain path is taken
        return False, False
    graph = tf.compat.v1.get_default_graph()
    if tf.executing_eagerly() or not GraphOrParentsInXlaContext(graph):
        return False, False
    while graph is not None and type(graph).__name__ != "WhileBodyFuncGraph":
        graph = getattr(graph, "outer_graph", None)
    return True, graph is not None
