"""The engines that compute a model: PyTorch for every machine, OpenVINO for speed on a CPU, and the choice of one."""
