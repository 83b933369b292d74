"""Kernels forked from one warm process, and ordinary ones where that cannot be had."""
