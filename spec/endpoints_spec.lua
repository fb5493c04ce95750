-- Addresses: the service's endpoints and issuers in every partition, and what a caller may name.
local address = require "cognito.address"
local endpoints = require "cognito.endpoints"
local data = require "spec.support.data"

local null = require("cjson").null
local function given(value) if value ~= null then return value end end

describe("endpoints", function()
  for _, part in ipairs { "cases", "derived" } do
    it("agrees with the service's rule set: " .. part, function()
      local set, reason = data.load("endpoint-cases.json")
      if not set then return pending(reason) end
      for _, case in ipairs(set[part]) do
        local url, err = endpoints.resolve({ region = given(case.region), fips = given(case.fips),
          dual_stack = given(case.dual_stack), endpoint = given(case.endpoint) }, case.service)
        assert.are.equal(given(case.url), url)
        if case.error then assert.are.equal("config", err.kind) end
      end
    end)
  end

  it("knows the partition of every listed region", function()
    local set, reason = data.load("endpoint-cases.json")
    if not set then return pending(reason) end
    for _, partition in ipairs(set.partitions) do
      for _, region in ipairs(partition.regions) do
        assert.are.equal(partition.id, endpoints.partition(region).id)
        assert.are.equal(partition.dns_suffix, endpoints.partition(region).suffix)
        assert.are.equal(partition.dual_stack_dns_suffix, endpoints.partition(region).dual_suffix)
        assert.is_true(endpoints.is_region(region), region)
      end
    end
  end)

  it("names the field when the settings clash", function()
    local _, err = endpoints.resolve { region = "us-east-1", fips = true, endpoint = "https://example.com" }
    assert.are.equal("fips", err.field)
    _, err = endpoints.resolve { dual_stack = true, endpoint = "https://example.com" }
    assert.are.equal("dual_stack", err.field)
    _, err = endpoints.resolve {}
    assert.are.equal("region", err.field)
  end)

  it("takes https, and http for the loopback interface only", function()
    for _, url in ipairs { "https://example.com", "https://example.com:8443/base", "http://127.0.0.1:9229",
      "http://localhost:1", "http://[::1]:80", "http://127.255.255.255", "HTTPS://Example.com" } do
      assert.are.equal(url, address.check(url, "endpoint"))
    end
    assert.are.equal("https://example.com", address.check("https://example.com/", "endpoint"))
    for _, url in ipairs { "http://example.com", "http://127.0.0.1.example.com", "http://127.0.0.1@evil.example",
      "http://localhost.evil.example", "http://10.0.0.1", "ftp://example.com", "example.com", "https://",
      "https://user:pw@example.com", "https://example.com/?a=b", "https://example.com#x", "https://a b",
      "https://example.com:0", "https://example.com:99999", "https://example.com:x", "https://a\r\nb", "",
      "http://127.0.0.999", "http://[::1].evil.example" } do
      local ok, err = address.check(url, "endpoint")
      assert.is_nil(ok, url)
      assert.are.equal("config", err.kind)
      assert.are.equal("endpoint", err.field)
      assert.is_truthy(err.hint)
    end
  end)

  it("says which texts can be a region", function()
    for _, region in ipairs { "eu-west-1", "us-gov-west-1", "xx-nowhere-9", "eusc-de-east-1" } do
      assert.is_true(endpoints.is_region(region))
    end
    for _, region in ipairs { "", "eu", "EU-WEST-1", "eu-west-1.evil.example", "eu-west-1/", "-a", "eu-", "eu west",
      "eu-west-1\n" } do
      assert.is_false(endpoints.is_region(region), region)
    end
  end)

  it("gives both issuers", function()
    local original, updated = endpoints.issuers("eu-west-1", "eu-west-1_AbCdEf123")
    assert.are.equal("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", original)
    assert.are.equal("https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", updated)
    assert.are.equal("https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_a",
      (endpoints.issuers("cn-north-1", "cn-north-1_a")))
  end)
end)
