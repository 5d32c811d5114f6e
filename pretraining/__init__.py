"""Makes the start weights: synthetic and open images, episodes, meta-training, evaluation.

Not part of the installed package; run from the project root as ``python -m pretraining``.
"""
