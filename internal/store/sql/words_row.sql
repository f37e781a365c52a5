{{define "words_row"}}w.day - DATE '1970-01-01', w.id, w.at, w.trace_id, w.system_instructions_id, w.tool_definitions_id, w.tool_arguments_id, w.tool_result_id,
    w.ordinal, w.answer, w.form, w.span_id, w.words_of, w.scope_name, w.call_id, to_jsonb(w.models), to_jsonb(w.input_message_ids), to_jsonb(w.output_message_ids),
    to_jsonb(w.finish_reasons){{end}}
