"""Networks in formats that run without the workbench: ONNX, TorchScript, one file of Python."""
