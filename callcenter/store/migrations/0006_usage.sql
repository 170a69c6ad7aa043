ALTER TABLE turns ADD COLUMN usage jsonb NOT NULL DEFAULT '{}';
ALTER TABLE calls ADD COLUMN usage jsonb NOT NULL DEFAULT '{}';
ALTER TABLE calls ADD COLUMN cost numeric;

-- To be summed: what a call that is over was said to have used at its end, or the turns of one that goes on.
CREATE VIEW charges AS
SELECT call, flow, started, provider,
    (usage ->> 'seconds_heard')::numeric AS seconds_heard,
    (usage ->> 'characters_spoken')::numeric AS characters_spoken,
    (usage ->> 'tokens_in')::numeric AS tokens_in,
    (usage ->> 'tokens_out')::numeric AS tokens_out,
    (usage ->> 'cost')::numeric AS cost
FROM (
    SELECT calls.id, calls.flow, calls.started, item.key, item.value
    FROM calls, jsonb_each(calls.usage) AS item WHERE calls.ended IS NOT NULL
    UNION ALL
    SELECT calls.id, calls.flow, calls.started, item.key, item.value
    FROM calls JOIN turns ON turns.call = calls.id, jsonb_each(turns.usage) AS item WHERE calls.ended IS NULL
) AS items (call, flow, started, provider, usage);
