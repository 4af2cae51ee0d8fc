"""Whether a data set is what its SOP Class says (PS3.3, PS3.4): two referees, one vocabulary."""
