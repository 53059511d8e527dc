"""The live model that Label Studio asks for predictions."""
