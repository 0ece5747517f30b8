-- Asks the sites from the first to the last in turn, one request after the
-- other: wrk --script hosts.lua URL FIRST LAST
local requests, n = {}, 0

function init(args)
  for i = tonumber(args[1]), tonumber(args[2]) do
    requests[#requests + 1] = wrk.format("GET", "/", { ["Host"] = string.format("app-%04d.bench.test", i) })
  end
end

function request()
  n = n % #requests + 1
  return requests[n]
end
