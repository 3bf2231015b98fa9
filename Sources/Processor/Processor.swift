// What every processor core shares lives in this target.
