package schema

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// applyDefinitions makes the views and functions anew. CREATE OR REPLACE keeps their
// grants and whatever depends on them, but cannot change the columns of a view or the
// result of a function; where that is asked for, all are dropped and created.
func applyDefinitions(ctx context.Context, tx pgx.Tx, name string) error {
	err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error { return runDefinitions(ctx, inner, name) })
	if shapeChanged(err) {
		err = recreateDefinitions(ctx, tx, name)
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SELECT "+Table(name, "llm_internal_apply_grants")+"()"); err != nil {
		return fmt.Errorf("cannot grant what is new to the roles of llm_internal_grants: %w", err)
	}
	_, err = tx.Exec(ctx, "WITH old AS (DELETE FROM "+Table(name, definitionsTable)+" WHERE hash <> $1) INSERT INTO "+
		Table(name, definitionsTable)+" (hash) VALUES ($1) ON CONFLICT (hash) DO NOTHING", definitionsHash)
	return err
}

func runDefinitions(ctx context.Context, tx pgx.Tx, name string) error {
	// Bodies may refer to what a later file defines.
	if _, err := tx.Exec(ctx, "SET LOCAL check_function_bodies = off"); err != nil {
		return err
	}
	for _, file := range definitionFiles {
		text, err := withColumns(ctx, tx, definitionText(file), name)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, render(text, name), pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("definitions in %s failed: %w", file, err)
		}
	}
	return nil
}

var listOfColumns = regexp.MustCompile(`{{\.(columns_of|names_of) (\w+)(?: (\w+))?}}`)

// withColumns puts the columns of tables and views of earlier files into the text of a file, so
// that each list of columns stands in one place: {{.columns_of llm_calls}} are names and types,
// {{.names_of llm_calls c}} the names, each after c and a dot.
func withColumns(ctx context.Context, tx pgx.Tx, text, name string) (string, error) {
	for _, found := range listOfColumns.FindAllStringSubmatch(text, -1) {
		placeholder, list, relation, alias := found[0], found[1], found[2], found[3]
		var columns, names string
		err := tx.QueryRow(ctx, `SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum),
				string_agg(format('%I.%I', $2::text, attname), ', ' ORDER BY attnum)
			FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped`, Table(name, relation), alias).Scan(&columns, &names)
		if err != nil {
			return "", fmt.Errorf("cannot list the columns of %s: %w", relation, err)
		}
		if list == "names_of" {
			columns = names
		}
		text = strings.ReplaceAll(text, placeholder, columns)
	}
	return text, nil
}

// shapeChanged reports whether CREATE OR REPLACE met an object of the same name and
// another shape, for invalid_table_definition and invalid_function_definition.
func shapeChanged(err error) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && (failed.Code == "42P16" || failed.Code == "42P13")
}

// recreateDefinitions drops the views and functions of the definition files and creates
// them, with the grants they had and with the views of others that build on them.
func recreateDefinitions(ctx context.Context, tx pgx.Tx, name string) error {
	// With nothing else in the path the saved definitions name the schemas of all they use.
	if _, err := tx.Exec(ctx, "SET LOCAL search_path = pg_catalog"); err != nil {
		return err
	}
	defined := append(definedNames(), retired...)
	var grants string
	if err := tx.QueryRow(ctx, savedGrants, name, defined).Scan(&grants); err != nil {
		return err
	}
	drops, err := generate(ctx, tx, dropDefined, name, defined)
	if err != nil {
		return err
	}
	dropViews, err := generate(ctx, tx, dropForeignViews, name, defined)
	if err != nil {
		return err
	}
	createViews, err := generate(ctx, tx, createForeignViews, name, defined)
	if err != nil {
		return err
	}
	if err := runInAnyOrder(ctx, tx, append(drops, dropViews...), "2BP01"); err != nil { // dependent_objects_still_exist
		return fmt.Errorf("columns of views change, and what builds on them cannot be kept; drop it and create it again after the update: %w", withDetail(err))
	}
	if err := runDefinitions(ctx, tx, name); err != nil {
		return err
	}
	regrants, err := generate(ctx, tx, restoredGrants, name, defined, grants)
	if err != nil {
		return err
	}
	if err := runInAnyOrder(ctx, tx, regrants, ""); err != nil {
		return err
	}
	if err := runInAnyOrder(ctx, tx, createViews, "42P01"); err != nil { // undefined_table
		return fmt.Errorf("a view that builds on those of the schema no longer fits; drop it and create it again after the update: %w", withDetail(err))
	}
	return nil
}

// generate returns the statements that a query writes.
func generate(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// runInAnyOrder runs statements of which some have to wait for others, which a code
// tells: as long as one of them succeeds, the rest is tried again.
func runInAnyOrder(ctx context.Context, tx pgx.Tx, statements []string, waits string) error {
	for len(statements) > 0 {
		var left []string
		var last error
		for _, sql := range statements {
			err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
				_, err := inner.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
				return err
			})
			var failed *pgconn.PgError
			switch {
			case errors.As(err, &failed) && failed.Code == waits:
				left, last = append(left, sql), err
			case err != nil:
				return err
			}
		}
		if len(left) == len(statements) {
			return last
		}
		statements = left
	}
	return nil
}

func withDetail(err error) error {
	var failed *pgconn.PgError
	if errors.As(err, &failed) && failed.Detail != "" {
		return fmt.Errorf("%w: %s", err, strings.ReplaceAll(failed.Detail, "\n", "; "))
	}
	return err
}

var definition = regexp.MustCompile(`(?m)^CREATE OR REPLACE (?:FUNCTION|VIEW|AGGREGATE) {{\.schema}}\.(\w+)`)

// definedNames lists the views and functions of the definition files.
func definedNames() (names []string) {
	for _, file := range definitionFiles {
		for _, found := range definition.FindAllStringSubmatch(read(file), -1) {
			names = append(names, found[1])
		}
	}
	return names
}

// objects are the views and functions of schema $1 that have one of the names $2.
const objects = `WITH RECURSIVE objects AS (
	SELECT 'pg_class'::regclass AS class, c.oid, c.relname AS name, 'VIEW' AS kind,
		c.oid::regclass::text AS called, c.relacl AS acl, c.relowner AS owner
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = $1 AND c.relkind = 'v' AND c.relname = ANY ($2)
	UNION ALL
	SELECT 'pg_proc'::regclass, p.oid, p.proname, CASE p.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
		p.oid::regprocedure::text, p.proacl, p.proowner
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname = $1 AND p.proname = ANY ($2)
)`

const dropDefined = objects + `SELECT format('DROP %s %s', kind, called) FROM objects ORDER BY oid DESC`

// The grants of objects. EXECUTE for everybody is left to the files, which take it away
// where nobody else shall call a function.
const savedGrants = objects + `
SELECT coalesce(jsonb_agg(g), '[]')::text FROM (
	SELECT o.kind = 'VIEW' AS view, o.name, NULL AS column, a.privilege_type, a.grantee::regrole::text AS role, a.is_grantable
	FROM objects o CROSS JOIN LATERAL aclexplode(o.acl) a
	WHERE a.grantee <> o.owner AND (o.kind = 'VIEW' OR a.grantee <> 0)
	UNION ALL
	SELECT true, o.name, t.attname, a.privilege_type, a.grantee::regrole::text, a.is_grantable
	FROM objects o JOIN pg_attribute t ON o.kind = 'VIEW' AND t.attrelid = o.oid AND t.attnum > 0
	CROSS JOIN LATERAL aclexplode(t.attacl) a) g`

// The same for the objects of now, whatever arguments a function has; $3 is what
// savedGrants returned.
const restoredGrants = objects + `
SELECT format('GRANT %s%s ON %s %s TO %s%s', g.privilege_type, '(' || quote_ident(g.column) || ')',
	CASE WHEN g.view THEN 'TABLE' ELSE 'FUNCTION' END, o.called,
	CASE g.role WHEN '-' THEN 'PUBLIC' ELSE g.role END, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END)
FROM objects o JOIN jsonb_to_recordset($3::text::jsonb) AS g (view boolean, name text, "column" text, privilege_type text, role text, is_grantable boolean)
	ON g.name = o.name AND g.view = (o.kind = 'VIEW')
WHERE g.column IS NULL OR EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = o.oid AND t.attname = g.column)`

// foreign views build on objects, or on other foreign views.
const foreignViews = objects + `, dependents AS (
	SELECT class, oid FROM objects
	UNION
	SELECT 'pg_class'::regclass, r.ev_class
	FROM dependents o JOIN pg_depend d ON d.refclassid = o.class AND d.refobjid = o.oid AND d.classid = 'pg_rewrite'::regclass
	JOIN pg_rewrite r ON r.oid = d.objid
), foreign_views AS (
	SELECT c.oid, c.relowner, c.reloptions, c.relacl FROM dependents d JOIN pg_class c ON d.class = 'pg_class'::regclass AND c.oid = d.oid
	WHERE c.relkind = 'v' AND c.oid NOT IN (SELECT o.oid FROM objects o WHERE o.kind = 'VIEW')
)`

const dropForeignViews = foreignViews + `SELECT format('DROP VIEW %s', oid::regclass) FROM foreign_views`

const createForeignViews = foreignViews + `
SELECT format('CREATE VIEW %1$s%2$s AS %3$s ALTER VIEW %1$s OWNER TO %4$s;', oid::regclass, ' WITH (' || array_to_string(reloptions, ', ') || ')',
		pg_get_viewdef(oid), relowner::regrole)
	|| coalesce(format('COMMENT ON VIEW %s IS %L;', oid::regclass, obj_description(oid, 'pg_class')), '')
	|| coalesce((SELECT string_agg(format('GRANT %s ON %s TO %s%s;', a.privilege_type, oid::regclass,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END), '')
		FROM aclexplode(relacl) a WHERE a.grantee <> relowner), '')
FROM foreign_views`
