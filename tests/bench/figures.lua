-- Ask for the paths given after "--" in turn (else for the URL alone), and print what was measured as
-- one line of JSON, times in microseconds.

function init(args)
  local asked, turn = {}, 0
  for _, path in ipairs(args) do
    asked[#asked + 1] = wrk.format("GET", path)
  end
  if #asked > 0 then
    request = function()
      turn = turn % #asked + 1
      return asked[turn]
    end
  end
end

function done(summary, latency, requests)
  local failed = summary.errors
  io.write(string.format(
    '{"requests": %d, "errors": %d, "duration": %d, "median": %d, "p99": %d}\n',
    summary.requests,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout,
    summary.duration,
    latency:percentile(50),
    latency:percentile(99)
  ))
end
