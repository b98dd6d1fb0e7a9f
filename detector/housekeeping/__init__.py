"""The process beside the detector that keeps its store small and writes its flight records."""
