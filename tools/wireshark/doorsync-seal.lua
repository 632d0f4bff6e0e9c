-- ChaCha20/Poly1305 (RFC 8439) opening, and HKDF-SHA-256 (RFC 5869) for the key of a stream's chunks: as much as a
-- lock's own keys open. Not a crypto library: it seals nothing, agrees on no key, verifies no signature, and takes no
-- care of time. Bytes are Lua strings. It runs on Lua 5.2 to 5.4: Wireshark's `bit` stands in where the language has none.
local bit = rawget(_G, "bit") or rawget(_G, "bit32")
local band, bxor, rshift, bnot
if bit then
  band, bxor, rshift, bnot = bit.band, bit.bxor, bit.rshift, bit.bnot
else
  band = load("return function(a, b) return (a & b) & 0xffffffff end")()
  bxor = load("return function(a, b) return (a ~ b) & 0xffffffff end")()
  rshift = load("return function(a, n) return (a & 0xffffffff) >> n end")()
  bnot = load("return function(a) return ~a & 0xffffffff end")()
end

local word = 2 ^ 32

-- Wireshark's `bit` answers with signed numbers.
local function unsigned(x)
  return x % word
end

local function xor(a, b)
  return unsigned(bxor(a, b))
end

local function rotl(x, n)
  local high = (x * 2 ^ n) % word
  return high + math.floor(x / 2 ^ (32 - n))
end

local function rotr(x, n)
  return rotl(x, 32 - n)
end

local function little(s, at)
  local a, b, c, d = s:byte(at, at + 3)
  return a + b * 256 + c * 65536 + d * 16777216
end

local function bytesOf(x, count, fromLow)
  local out = {}
  for i = 1, count do
    out[fromLow and i or count + 1 - i] = string.char(math.floor(x % 256))
    x = math.floor(x / 256)
  end
  return table.concat(out)
end

-- ---- ChaCha20 ----

local function quarter(s, a, b, c, d)
  s[a] = (s[a] + s[b]) % word
  s[d] = rotl(xor(s[d], s[a]), 16)
  s[c] = (s[c] + s[d]) % word
  s[b] = rotl(xor(s[b], s[c]), 12)
  s[a] = (s[a] + s[b]) % word
  s[d] = rotl(xor(s[d], s[a]), 8)
  s[c] = (s[c] + s[d]) % word
  s[b] = rotl(xor(s[b], s[c]), 7)
end

local function block(key, nonce, counter)
  local start = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }
  for i = 0, 7 do start[5 + i] = little(key, 4 * i + 1) end
  start[13] = counter
  for i = 0, 2 do start[14 + i] = little(nonce, 4 * i + 1) end
  local s = {}
  for i = 1, 16 do s[i] = start[i] end
  for _ = 1, 10 do
    quarter(s, 1, 5, 9, 13)
    quarter(s, 2, 6, 10, 14)
    quarter(s, 3, 7, 11, 15)
    quarter(s, 4, 8, 12, 16)
    quarter(s, 1, 6, 11, 16)
    quarter(s, 2, 7, 12, 13)
    quarter(s, 3, 8, 9, 14)
    quarter(s, 4, 5, 10, 15)
  end
  local out = {}
  for i = 1, 16 do out[i] = bytesOf((s[i] + start[i]) % word, 4, true) end
  return table.concat(out)
end

local function stream(key, nonce, text)
  local out = {}
  for at = 1, #text, 64 do
    local pad = block(key, nonce, 1 + (at - 1) / 64)
    for i = at, math.min(at + 63, #text) do
      out[i] = string.char(xor(text:byte(i), pad:byte(i - at + 1)))
    end
  end
  return table.concat(out)
end

-- ---- Poly1305, in six digits of 22 bits: their products stay exact in a double ----

local digitBits = 22
local digit = 2 ^ digitBits
local digits = 6

local function digitsOf(s, extra)
  local out, value, bits, n = {}, 0, 0, 0
  local function push(byte)
    value = value + byte * 2 ^ bits
    bits = bits + 8
    if bits >= digitBits then
      n = n + 1
      out[n] = value % digit
      value = math.floor(value / digit)
      bits = bits - digitBits
    end
  end
  for i = 1, #s do push(s:byte(i)) end
  if extra then push(1) end
  out[n + 1] = value
  for i = 1, digits do out[i] = out[i] or 0 end
  return out
end

-- 2^132 is 4 * 2^130, and 2^130 is 5.
local function carried(h)
  local carry = 0
  for i = 1, digits do
    local x = h[i] + carry
    h[i] = x % digit
    carry = math.floor(x / digit)
  end
  return carry
end

local function reduced(h)
  local over = carried(h)
  while over > 0 do
    h[1] = h[1] + over * 20
    over = carried(h)
  end
  -- Bits 130 and 131.
  local top = 2 ^ (130 - digitBits * (digits - 1))
  local high = math.floor(h[digits] / top)
  if high > 0 then
    h[digits] = h[digits] % top
    h[1] = h[1] + high * 5
    carried(h)
  end
  return h
end

local function poly1305(key, message)
  local clamp = { 255, 255, 255, 15, 252, 255, 255, 15, 252, 255, 255, 15, 252, 255, 255, 15 }
  local masked = {}
  for i = 1, 16 do masked[i] = string.char(unsigned(band(key:byte(i), clamp[i]))) end
  local r = digitsOf(table.concat(masked))
  local h = { 0, 0, 0, 0, 0, 0 }
  for at = 1, #message, 16 do
    local m = digitsOf(message:sub(at, at + 15), true)
    for i = 1, digits do h[i] = h[i] + m[i] end
    local p = {}
    for i = 1, digits do
      local sum = 0
      for j = 1, digits do
        -- Digit j meets digit i - j + 1, or, wrapped, the one six further up.
        local k = i - j + 1
        sum = sum + (k >= 1 and h[j] * r[k] or h[j] * r[k + digits] * 20)
      end
      p[i] = sum
    end
    h = reduced(p)
  end
  h = reduced(h)
  -- Less than p: try h + 5 - 2^130.
  local g = {}
  for i = 1, digits do g[i] = h[i] end
  g[1] = g[1] + 5
  carried(g)
  local top = 2 ^ (130 - digitBits * (digits - 1))
  if g[digits] >= top then
    g[digits] = g[digits] - top
    h = g
  end
  -- To 16 bytes, and the second half of the key on top, modulo 2^128.
  local out, value, bits, next, carry = {}, 0, 0, 1, 0
  for i = 1, 16 do
    while bits < 8 and next <= digits do
      value = value + h[next] * 2 ^ bits
      bits = bits + digitBits
      next = next + 1
    end
    local sum = value % 256 + key:byte(16 + i) + carry
    out[i] = string.char(math.floor(sum % 256))
    carry = math.floor(sum / 256)
    value = math.floor(value / 256)
    bits = bits - 8
  end
  return table.concat(out)
end

local function padded(s)
  return s .. string.rep("\0", (16 - #s % 16) % 16)
end

-- The plaintext of `ciphertext | tag 16`, or nil when key, nonce, aad or text are not those that were sealed.
local function open(key, nonce, aad, sealed)
  if #key ~= 32 or #nonce ~= 12 or #sealed < 16 then return nil end
  local text, tag = sealed:sub(1, -17), sealed:sub(-16)
  local once = block(key, nonce, 0):sub(1, 32)
  local lengths = bytesOf(#aad, 8, true) .. bytesOf(#text, 8, true)
  if poly1305(once, padded(aad) .. padded(text) .. lengths) ~= tag then return nil end
  return stream(key, nonce, text)
end

-- ---- SHA-256, HMAC, HKDF ----

local k = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}
local h0 = {
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

local function big(s, at)
  local a, b, c, d = s:byte(at, at + 3)
  return a * 16777216 + b * 65536 + c * 256 + d
end

local function sha256(message)
  local length = #message
  message = message .. "\128" .. string.rep("\0", (55 - length) % 64) .. bytesOf(length * 8, 8, false)
  local h = {}
  for i = 1, 8 do h[i] = h0[i] end
  for at = 1, #message, 64 do
    local w = {}
    for i = 1, 16 do w[i] = big(message, at + 4 * (i - 1)) end
    for i = 17, 64 do
      local a, b = w[i - 15], w[i - 2]
      local s0 = xor(xor(rotr(a, 7), rotr(a, 18)), unsigned(rshift(a, 3)))
      local s1 = xor(xor(rotr(b, 17), rotr(b, 19)), unsigned(rshift(b, 10)))
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) % word
    end
    local v = {}
    for i = 1, 8 do v[i] = h[i] end
    for i = 1, 64 do
      local e = v[5]
      local s1 = xor(xor(rotr(e, 6), rotr(e, 11)), rotr(e, 25))
      local choice = xor(band(e, v[6]), band(bnot(e), v[7]))
      local t1 = (v[8] + s1 + choice + k[i] + w[i]) % word
      local a = v[1]
      local s0 = xor(xor(rotr(a, 2), rotr(a, 13)), rotr(a, 22))
      local majority = xor(xor(band(a, v[2]), band(a, v[3])), band(v[2], v[3]))
      local t2 = (s0 + majority) % word
      v = { (t1 + t2) % word, v[1], v[2], v[3], (v[4] + t1) % word, v[5], v[6], v[7] }
    end
    for i = 1, 8 do h[i] = (h[i] + v[i]) % word end
  end
  local out = {}
  for i = 1, 8 do out[i] = bytesOf(h[i], 4, false) end
  return table.concat(out)
end

local function hmac(key, message)
  if #key > 64 then key = sha256(key) end
  key = key .. string.rep("\0", 64 - #key)
  local inner, outer = {}, {}
  for i = 1, 64 do
    inner[i] = string.char(xor(key:byte(i), 0x36))
    outer[i] = string.char(xor(key:byte(i), 0x5c))
  end
  return sha256(table.concat(outer) .. sha256(table.concat(inner) .. message))
end

-- 32 bytes: one block of HKDF.
local function derive(salt, input, info)
  return hmac(hmac(salt, input), info .. "\1")
end

return { open = open, sha256 = sha256, derive = derive }
