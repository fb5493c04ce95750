-- See spec/contract/fault_matrix.lua.
require("spec.contract.fault_matrix").define("loop", _ENV)
