-- Each tool call once, with arguments and result.
CREATE OR REPLACE VIEW {{.schema}}.llm_tool_calls WITH (security_invoker = true) AS
SELECT {{.names_of llm_tool_facts i}},
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = i.arguments_day AND w.id = i.tool_arguments_id) AS tool_arguments,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = i.result_day AND w.id = i.tool_result_id) AS tool_result,
    r.attributes AS resource_attributes,
    {{.schema}}.llm_whole_attributes(i.day, i.attributes) AS attributes,
    {{.schema}}.llm_whole_events(i.day, i.events) AS events, i.links
FROM {{.schema}}.llm_internal_tools i
LEFT JOIN {{.schema}}.llm_resources r ON r.id = i.resource_id;
