import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

from training.export import smoothing

RNG = np.random.default_rng(7)
ROWS, COLUMNS = 32, 8


@pytest.fixture
def graph(tmp_path):
    """Two products that share an input."""
    weights = [RNG.normal(size=(ROWS, COLUMNS)).astype(np.float32) for _ in "ab"]
    nodes = [helper.make_node("MatMul", ["x", f"w{n}"], [f"y{n}"]) for n in (0, 1)]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "products",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", ROWS])],
            [helper.make_tensor_value_info(f"y{n}", TensorProto.FLOAT, None) for n in (0, 1)],
            [numpy_helper.from_array(w, f"w{n}") for n, w in enumerate(weights)],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )
    onnx.save(model, tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def uneven(rows=50):
    """Inputs with one column a hundred times the others."""
    values = RNG.normal(size=(rows, ROWS)).astype(np.float32)
    values[:, 3] *= 100
    return {"x": values}


def run(path, inputs):
    return np.concatenate(onnxruntime.InferenceSession(path).run(["y0", "y1"], inputs), axis=1)


def int8_error(path, inputs, truth):
    target = path.with_suffix(".int8.onnx")
    quantize_dynamic(path, target, per_channel=True, reduce_range=True)
    return np.abs(run(target, inputs) - truth).mean()


def test_in_float_nothing_changes(graph):
    inputs = uneven()
    before = run(graph, inputs)
    smoothing.smooth(graph, [uneven()])
    assert run(graph, inputs) == pytest.approx(before, rel=1e-4, abs=1e-2)
    assert [node.op_type for node in onnx.load(graph).graph.node] == ["Mul", "MatMul", "MatMul"]


def test_int8_comes_nearer_to_float_where_a_column_is_large(graph):
    inputs = uneven()
    truth = run(graph, inputs)
    before = int8_error(graph, inputs, truth)
    smoothing.smooth(graph, [uneven(), uneven()])
    assert int8_error(graph, inputs, truth) < 0.5 * before


def test_without_samples_the_graph_stays(graph):
    before = graph.read_bytes()
    smoothing.smooth(graph, [])
    assert graph.read_bytes() == before
