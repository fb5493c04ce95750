-- The reader of HTTP answers inside nginx, fed whole and octet by octet.
local answer = require "cognito.ngx.answer"

-- A source that gives the text in pieces of `step` bytes and then ends with `reason`.
local function source(text, step, reason)
  local at = 1
  return function()
    if at > #text then return nil, reason or "closed" end
    local piece = text:sub(at, at + step - 1)
    at = at + step
    return piece
  end
end

local function read(text, options)
  options = options or {}
  local reader = answer.reader(source(text, options.step or 4096, options.reason))
  local response, second, third = answer.read(reader, options.method or "POST", options.max or 1024)
  return response, second, third, reader
end

local OK = "HTTP/1.1 200 OK\r\n"
local CHUNKED = OK .. "Transfer-Encoding: chunked\r\n\r\n"

describe("cognito.ngx.answer", function()
  for _, step in ipairs { 1, 2, 3, 7, 4096 } do
    it("reads an answer that comes in pieces of " .. step, function()
      local fields = "Content-Type: a/b\r\nContent-Length: 5"
      local text = OK .. fields .. "\r\n\r\nhello"
      local response, keep, _, reader = read(text, { step = step })
      assert.same({ status = 200, headers = fields, body = "hello" }, response)
      assert.is_true(keep)
      assert.equal("", reader.text)
    end)
    it("reads a chunked answer with extensions and trailers in pieces of " .. step, function()
      local chunks = "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n"
      local response, keep = read(CHUNKED .. chunks, { step = step })
      assert.equal("hello!", response.body)
      assert.is_true(keep)
    end)
  end

  local sound = {
    { "no body with 204", "HTTP/1.1 204 No Content\r\n\r\n", "" },
    { "an empty header block", OK .. "Content-Length: 0\r\n\r\n", "" },
    { "a status line without a reason", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", "x" },
    { "interim answers first", ("HTTP/1.1 100 Go\r\n\r\n"):rep(10) .. OK .. "Content-Length: 1\r\n\r\nx", "x" },
    { "the same length twice", OK .. "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "x" },
    { "a hundred fields", OK .. ("A: b\r\n"):rep(100) .. "Content-Length: 1\r\n\r\nx", "x" },
  }
  for _, case in ipairs(sound) do
    it("accepts " .. case[1], function()
      local response, keep = read(case[2])
      assert.equal(case[3], response.body)
      assert.is_true(keep)
    end)
  end

  it("asks for no body after HEAD", function()
    local response = read(OK .. "Content-Length: 5\r\n\r\n", { method = "HEAD" })
    assert.equal("", response.body)
  end)

  local not_reusable = {
    { "Connection: close", OK .. "Connection: Keep-Alive, Close\r\nContent-Length: 1\r\n\r\nx" },
    { "HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx" },
    { "a body that the end of the stream ends", OK .. "\r\nx" },
  }
  for _, case in ipairs(not_reusable) do
    it("never keeps a connection after " .. case[1], function()
      local response, keep = read(case[2])
      assert.equal("x", response.body)
      assert.is_false(keep)
    end)
  end

  it("never keeps a connection on which a body without a place may yet come", function()
    for _, fields in ipairs { "Content-Length: 5", "Transfer-Encoding: chunked" } do
      local response, keep = read("HTTP/1.1 204 No Content\r\n" .. fields .. "\r\n\r\n")
      assert.equal("", response.body)
      assert.is_false(keep)
    end
    assert.is_true(select(2, read("HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n")))
  end)

  local big = ("x"):rep(2000)
  local bad = {
    { "nothing", "", "network" },
    { "bytes behind the answer", OK .. "Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n{}", "bad_response" },
    { "bytes behind a chunked answer", CHUNKED .. "1\r\nx\r\n0\r\n\r\nHTTP/1.1 200", "bad_response" },
    { "another protocol", "SSH-2.0-x\r\n", "bad_response" },
    { "HTTP/0.9", "<html>hello</html>", "bad_response" },
    { "HTTP/0.9, short", "{}", "bad_response" },
    { "HTTP/2", "HTTP/2 200\r\n\r\n", "bad_response" },
    { "a status that is no number", "HTTP/1.1 abc OK\r\n\r\n", "bad_response" },
    { "a cut header block", OK .. "Content-Le", "network" },
    { "a cut body", OK .. "Content-Length: 5\r\n\r\nhel", "network" },
    { "two lengths that differ", OK .. "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "bad_response" },
    { "a length that is no number", OK .. "Content-Length: -5\r\n\r\nhello", "bad_response" },
    { "length and chunks at once", OK .. "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "bad_response" },
    { "an unknown transfer coding", OK .. "Transfer-Encoding: gzip, chunked\r\n\r\n", "bad_response" },
    { "a compressed body", OK .. "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "bad_response" },
    { "a field without a colon", OK .. "Nonsense\r\n\r\n", "bad_response" },
    { "a folded field", OK .. "A: b\r\n c\r\nContent-Length: 1\r\n\r\nx", "bad_response" },
    { "a space before the colon", OK .. "Content-Length : 1\r\n\r\nx", "bad_response" },
    { "NUL in a field", OK .. "A: b\0c\r\nContent-Length: 1\r\n\r\nx", "bad_response" },
    { "a bare line feed in the status line", "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\nx", "bad_response" },
    { "a bare line feed in a field", OK .. "A: b\nC: d\r\nContent-Length: 1\r\n\r\nx", "bad_response" },
    { "an interim answer with a body",
      "HTTP/1.1 100 Go\r\nContent-Length: 1\r\n\r\nx" .. OK .. "\r\n", "bad_response" },
    { "an interim answer with chunks",
      "HTTP/1.1 103 Go\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" .. OK .. "\r\n", "bad_response" },
    { "a malformed length of no body", "HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n", "bad_response" },
    { "chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "bad_response" },
    { "a bare line feed in a chunk's extension", CHUNKED .. "1;a\nx\r\nx\r\n0\r\n\r\n", "bad_response" },
    { "two words as a chunk size", CHUNKED .. "1 1\r\nx\r\n0\r\n\r\n", "bad_response" },
    { "a bare line feed in a trailer", CHUNKED .. "0\r\nA: b\nC: d\r\n\r\n", "bad_response" },
    { "extensions over the limit", CHUNKED .. ("1;" .. ("x"):rep(80) .. "\r\nx\r\n"):rep(1000) .. "0\r\n\r\n",
      "response_too_large" },
    { "protocols switched", "HTTP/1.1 101 Switching\r\n\r\n", "bad_response" },
    { "endless interim answers", ("HTTP/1.1 100 Continue\r\n\r\n"):rep(1000), "bad_response" },
    { "garbage as a chunk size", CHUNKED .. "zz\r\nhello\r\n", "bad_response" },
    { "a chunk without its end", CHUNKED .. "5\r\nhelloXX0\r\n\r\n", "bad_response" },
    { "a cut chunk", CHUNKED .. "5\r\nhel", "network" },
    { "chunks without an end", CHUNKED .. "5\r\nhello\r\n", "network" },
    { "a chunk line without an end", CHUNKED .. big, "bad_response" },
    { "a malformed trailer", CHUNKED .. "0\r\nx\r\n\r\n", "bad_response" },
    { "a body over the limit by length", OK .. "Content-Length: 1025\r\n\r\n", "response_too_large" },
    { "an absurd length", OK .. "Content-Length: 99999999999999999999\r\n\r\n", "response_too_large" },
    { "a body over the limit by chunks", CHUNKED .. "7d0\r\n" .. big .. "\r\n",
      "response_too_large" },
    { "an absurd chunk size", CHUNKED .. "fffffffffffffffff\r\n", "bad_response" },
    { "a body over the limit without a length", OK .. "\r\n" .. big, "response_too_large" },
    { "a header block over the limit", OK .. "A: " .. ("x"):rep(70000), "response_too_large" },
    { "ten thousand fields", OK .. ("A: b\r\n"):rep(9000) .. "\r\n", "response_too_large" },
    { "trailers over the limit",
      CHUNKED .. "0\r\n" .. ("A: b\r\n"):rep(20000) .. "\r\n", "response_too_large" },
  }
  for _, case in ipairs(bad) do
    it("refuses " .. case[1], function()
      local response, kind, message = read(case[2])
      assert.is_nil(response)
      assert.equal(case[3], kind)
      assert.is_string(message)
    end)
  end

  it("passes on why the source failed", function()
    local _, kind, message = read(OK, { reason = "timeout" })
    assert.equal("network", kind)
    assert.equal("timeout", message)
  end)

  it("says whether the server had said anything", function()
    assert.is_false(select(4, read("")).touched)
    assert.is_true(select(4, read("H")).touched)
  end)
end)
