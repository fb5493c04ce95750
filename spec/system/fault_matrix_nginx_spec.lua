-- See spec/contract/fault_matrix.lua.
require("spec.contract.fault_matrix").define("nginx", _ENV)
