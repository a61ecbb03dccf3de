"""Text in, tags with probabilities out."""

import os

# onnxruntime reports its use to its maker unless this is set before it is first imported; its
# uploader's thread also keeps forked processes from ending.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
