-- Frames of one direction of a connection put together to messages, with the checks and their names that the lock has
-- (docs/SPEC.md section 9). It knows no packet and no tree: a stream goes in with each frame, and the next one comes out.
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
local tables = dofile(here .. "doorsync-tables.lua")
local limits = tables.limits

-- What a frame's head says, for whoever shows it.
local function headOf(first)
  return first >= tables.frame.first, math.floor(first / tables.frame.last) % 2 == 1, first % tables.frame.sequences
end

local function trouble(check)
  return { trouble = check }
end

-- One frame: the message it ends, or the trouble with it, and what the direction is like after it.
local function hear(stream, s, direction)
  local first = s:byte(1)
  if not first then return trouble("frame/empty") end
  if #s > limits.frameBytesMax then return trouble("frame/too-long") end
  local isFirst, isLast, sequence = headOf(first)
  if stream.isLost then
    -- Behind a broken frame a session is over; whoever reads along goes on where a message begins.
    if not isFirst then return trouble("frame/behind-a-broken-one") end
    stream = { sequence = sequence }
  end
  if sequence ~= stream.sequence then return trouble("frame/sequence") end
  local after = (sequence + 1) % tables.frame.sequences
  local open = stream.open
  if not isFirst then
    if not open then return trouble("frame/no-first") end
    if #s == 1 then return trouble("frame/no-data") end
    local heard = open.heard + #s - 1
    if heard > open.bytes then return trouble("frame/overrun") end
    if isLast ~= (heard == open.bytes) then return trouble(isLast and "frame/underrun" or "frame/no-last") end
    local pieces = { table.unpack(open.pieces) }
    pieces[#pieces + 1] = s:sub(2)
    if isLast then
      local message = { type = open.type, body = table.concat(pieces), frames = #pieces }
      return { message = message, stream = { sequence = after } }
    end
    local more = { type = open.type, bytes = open.bytes, heard = heard, pieces = pieces }
    return { stream = { sequence = after, open = more } }
  end
  if open then return trouble("frame/unfinished-before") end
  local typeNumber = s:byte(2)
  if not typeNumber or (not isLast and #s < 4) then return trouble("frame/cut-head") end
  local row = tables.messages[typeNumber]
  local bound = row and row[direction]
  if not bound then return trouble("frame/type") end
  local bytes = isLast and #s - 2 or s:byte(3) * 256 + s:byte(4)
  if bytes > bound then return trouble("frame/length") end
  if isLast then return { message = { type = typeNumber, body = s:sub(3), frames = 1 }, stream = { sequence = after } } end
  if #s == 4 then return trouble("frame/no-data") end
  local heard = #s - 4
  if heard >= bytes then return trouble(heard > bytes and "frame/overrun" or "frame/no-last") end
  return { stream = { sequence = after, open = { type = typeNumber, bytes = bytes, heard = heard, pieces = { s:sub(5) } } } }
end

-- A direction before its first frame, and after a broken one.
return { begin = { sequence = 0 }, lost = { isLost = true }, hear = hear, headOf = headOf }
