"""The queries by which a live PostgreSQL database is described: each once for all tables.

``%(schemas)s`` holds names of schemas or NULL for all that users made; ``%(relations)s`` object ids. Facts
that older servers lack are read through JSON. Nothing but the system's catalogs is read.
"""

from __future__ import annotations

# A relation on the search path goes by its plain name, any other as Django's db_table would have it.
NAME = (
    "CASE WHEN pg_table_is_visible({0}.oid) THEN {0}.relname::text ELSE "
    """(SELECT format('"%%s"."%%s"', replace(nspname, '"', '""'), replace({0}.relname, '"', '""')) """
    "FROM pg_namespace WHERE pg_namespace.oid = {0}.relnamespace) END"
)

IN_SCHEMAS = (
    "{0} IN (SELECT oid FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_' "
    "AND (%(schemas)s::text[] IS NULL OR nspname = ANY (%(schemas)s)))"
)

NOT_OF_EXTENSION = (
    "NOT EXISTS (SELECT FROM pg_depend WHERE classid = '{0}'::regclass AND objid = {1} AND deptype = 'e')"
)

RELATIONS = f"""
SELECT own.oid AS id, {NAME.format("own")} AS name, relkind::text AS kind,
    relpersistence::text AS persistence, relrowsecurity AS row_security, relforcerowsecurity AS forced,
    relreplident::text AS identity,
    reloptions AS options, pg_get_userbyid(relowner) AS owner, relacl::text[] AS privileges,
    obj_description(own.oid, 'pg_class') AS comment, pg_get_expr(relpartbound, own.oid) AS bound,
    CASE relkind WHEN 'p' THEN pg_get_partkeydef(own.oid) END AS partition_key,
    CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(own.oid) END AS definition,
    (SELECT spcname FROM pg_tablespace WHERE pg_tablespace.oid = reltablespace) AS tablespace,
    (SELECT array_agg({NAME.format("parent")} ORDER BY inhseqno) FROM pg_inherits
        JOIN pg_class AS parent ON parent.oid = inhparent WHERE inhrelid = own.oid) AS parents
FROM pg_class AS own
WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND {IN_SCHEMAS.format("relnamespace")}
    AND {NOT_OF_EXTENSION.format("pg_class", "own.oid")}
ORDER BY name, own.oid
"""

COLUMNS = """
SELECT attrelid AS relation, attnum AS number, attname AS name, attnotnull AS required, atttypid AS type,
    atttypmod AS modifier, format_type(atttypid, atttypmod) AS written, attidentity::text AS identity,
    attgenerated::text AS generated, pg_get_expr(adbin, adrelid) AS expression, attacl::text[] AS privileges,
    CASE WHEN typtype IN ('d', 'e') THEN format_type(atttypid, NULL) END AS domain,
    CASE WHEN attcollation <> typcollation
        THEN (SELECT collname FROM pg_collation WHERE pg_collation.oid = attcollation) END AS collation,
    col_description(attrelid, attnum) AS comment
FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = ANY (%(relations)s::oid[]) AND attnum > 0 AND NOT attisdropped
ORDER BY attrelid, attnum
"""

# A domain leads to the type below it, an array to its elements; a length stands on the domain right
# above its type.
TYPE_CHAINS = """
WITH RECURSIVE used AS (
    SELECT DISTINCT atttypid, atttypmod FROM pg_attribute
    WHERE attrelid = ANY (%(relations)s::oid[]) AND attnum > 0 AND NOT attisdropped
),
types AS (
    SELECT atttypid, atttypmod, 0 AS depth, false AS inside, atttypid AS typid, atttypmod AS modifier
    FROM used
    UNION ALL
    SELECT atttypid, atttypmod, depth + 1, inside OR typtype <> 'd',
        CASE typtype WHEN 'd' THEN typbasetype ELSE typelem END,
        CASE typtype WHEN 'd' THEN typtypmod ELSE modifier END
    FROM types JOIN pg_type ON pg_type.oid = typid
    WHERE typtype = 'd' OR (typcategory = 'A' AND typelem <> 0)
)
SELECT atttypid AS type, atttypmod AS type_modifier, inside, typname AS name, typtype::text AS kind,
    typnotnull AS required, modifier, format_type(typid, modifier) AS written,
    typnamespace = 'pg_catalog'::regnamespace AS built_in,
    (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = typid) AS labels
FROM types JOIN pg_type ON pg_type.oid = typid
ORDER BY atttypid, atttypmod, depth
"""

INDEXES = r"""
SELECT indrelid AS relation, relname AS name, indisprimary AS primary, indisunique AS unique,
    amname AS method, indisvalid AS valid, indislive AND indisready AS ready,
    NOT coalesce(to_jsonb(own) ->> 'indnullsnotdistinct', 'false')::bool AS nulls_distinct,
    coalesce(condeferrable, false) AS deferrable, coalesce(condeferred, false) AS deferred,
    contype IS NOT NULL AS constraint, pg_get_indexdef(indexrelid) AS definition,
    CASE contype WHEN 'x' THEN pg_get_constraintdef(pg_constraint.oid) END AS exclusion,
    indnkeyatts AS key_parts, indkey::int[] AS numbers, indoption::int[] AS options,
    CASE WHEN indexprs IS NOT NULL OR conexclop IS NOT NULL THEN (
        SELECT array_agg(pg_get_indexdef(indexrelid, at, false) ORDER BY at)
        FROM generate_series(1, indnkeyatts) AS at
    ) END AS expressions,
    (
        SELECT array_agg(CASE WHEN opcdefault THEN '' ELSE opcname::text END ORDER BY at)
        FROM unnest(indclass::oid[]) WITH ORDINALITY AS used(id, at)
        JOIN pg_opclass ON pg_opclass.oid = used.id
    ) AS opclasses,
    CASE WHEN indexprs IS NOT NULL THEN (
        SELECT array_agg(DISTINCT found[1]::int)
        FROM regexp_matches(indexprs::text, ':varattno (-?\d+)', 'g') AS found
    ) END AS reads,
    pg_get_expr(indpred, indrelid) AS condition,
    CASE WHEN indpred IS NOT NULL THEN (
        SELECT array_agg(DISTINCT found[1]::int)
        FROM regexp_matches(indpred::text, ':varattno (-?\d+)', 'g') AS found
    ) END AS condition_reads,
    CASE WHEN conexclop IS NOT NULL THEN (
        SELECT array_agg(oprname::text ORDER BY at) FROM unnest(conexclop) WITH ORDINALITY AS used(id, at)
        JOIN pg_operator ON pg_operator.oid = used.id
    ) END AS operators
FROM pg_index AS own JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u', 'x')
WHERE indrelid = ANY (%(relations)s::oid[])
ORDER BY indrelid, indisprimary DESC, relname
"""

# Constraints of partitions that come from the partitioned table are told there.
CONSTRAINTS = f"""
SELECT conrelid AS relation, conname AS name, contype::text AS kind, convalidated AS validated,
    coalesce(to_jsonb(own) ->> 'conenforced', 'true')::bool AND NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgconstraint = own.oid AND contype = 'f' AND tgenabled = 'D'
    ) AS enforced,
    condeferrable AS deferrable, condeferred AS deferred, conkey::int[] AS numbers,
    pg_get_expr(conbin, conrelid) AS expression,
    {NAME.format("target")} AS target, confdeltype::text AS on_delete, confupdtype::text AS on_update,
    confmatchtype::text AS match,
    CASE contype WHEN 'f' THEN (
        SELECT array_agg(attname::text ORDER BY at) FROM unnest(confkey) WITH ORDINALITY AS used(number, at)
        JOIN pg_attribute ON attrelid = confrelid AND attnum = used.number
    ) END AS target_columns
FROM pg_constraint AS own LEFT JOIN pg_class AS target ON target.oid = confrelid
WHERE conrelid = ANY (%(relations)s::oid[]) AND contype IN ('c', 'f', 'n')
    AND (conparentid = 0 OR contype <> 'f')
ORDER BY conrelid, conname
"""

TRIGGERS = """
SELECT tgrelid AS relation, tgname AS name, pg_get_triggerdef(oid) AS definition,
    tgfoid::regprocedure::text AS function, tgattr::int[] AS numbers, tgenabled::text AS enabled
FROM pg_trigger WHERE tgrelid = ANY (%(relations)s::oid[]) AND NOT tgisinternal AND tgparentid = 0
ORDER BY tgrelid, tgname
"""

RULES = """
SELECT ev_class AS relation, rulename AS name, pg_get_ruledef(oid) AS definition
FROM pg_rewrite WHERE ev_class = ANY (%(relations)s::oid[]) AND rulename <> '_RETURN'
ORDER BY ev_class, rulename
"""

POLICIES = """
SELECT polrelid AS relation, polname AS name, concat_ws(' ',
    CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
    'FOR', CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
        WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
    'TO', (
        SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END, ', ' ORDER BY role)
        FROM unnest(polroles) AS role
    ),
    'USING (' || pg_get_expr(polqual, polrelid) || ')',
    'WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')') AS definition
FROM pg_policy WHERE polrelid = ANY (%(relations)s::oid[])
ORDER BY polrelid, polname
"""

VIEW_READS = f"""
SELECT DISTINCT ev_class AS relation, {NAME.format("read")} AS name,
    coalesce(attname::text, '') AS column_name
FROM pg_depend JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
JOIN pg_class AS read ON refclassid = 'pg_class'::regclass AND read.oid = refobjid AND read.oid <> ev_class
LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid AND refobjsubid > 0
WHERE ev_class = ANY (%(relations)s::oid[]) AND rulename = '_RETURN'
ORDER BY 1, 2, 3
"""

# Owned sequences depend on the column (serial: 'a', identity: 'i'); a sequence that is only named in a
# default is what that default depends on ('n').
SEQUENCES = f"""
SELECT {NAME.format("own")} AS name, format_type(seqtypid, NULL) AS written, seqstart AS start,
    seqincrement AS increment, seqmin AS least, seqmax AS greatest, seqcycle AS cycle,
    refobjid AS relation, refobjsubid AS number, deptype = 'i' AS identity
FROM pg_sequence JOIN pg_class AS own ON own.oid = seqrelid
LEFT JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = seqrelid
    AND refclassid = 'pg_class'::regclass AND refobjsubid > 0 AND deptype IN ('a', 'i')
WHERE {IN_SCHEMAS.format("own.relnamespace")} AND {NOT_OF_EXTENSION.format("pg_class", "own.oid")}
ORDER BY name
"""

DEFAULT_SEQUENCES = f"""
SELECT adrelid AS relation, adnum AS number, {NAME.format("own")} AS name
FROM pg_attrdef JOIN pg_depend ON classid = 'pg_attrdef'::regclass AND objid = pg_attrdef.oid
    AND refclassid = 'pg_class'::regclass
JOIN pg_class AS own ON own.oid = refobjid AND relkind = 'S'
WHERE adrelid = ANY (%(relations)s::oid[])
"""

TYPES = f"""
SELECT format_type(own.oid, NULL) AS name, typtype::text AS kind, NOT typnotnull AS null,
    typdefault AS default_sql,
    CASE typtype WHEN 'd' THEN format_type(typbasetype, typtypmod)
        WHEN 'r' THEN (SELECT format_type(rngsubtype, NULL) FROM pg_range WHERE rngtypid = own.oid)
        ELSE '' END AS base,
    (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum
        WHERE enumtypid = own.oid) AS labels,
    (SELECT array_agg(conname::text ORDER BY conname) FROM pg_constraint
        WHERE contypid = own.oid AND contype = 'c') AS check_names,
    (SELECT array_agg(pg_get_expr(conbin, 0) ORDER BY conname) FROM pg_constraint
        WHERE contypid = own.oid AND contype = 'c') AS check_expressions,
    (SELECT array_agg(convalidated ORDER BY conname) FROM pg_constraint
        WHERE contypid = own.oid AND contype = 'c') AS check_states,
    (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped) AS attributes,
    (SELECT array_agg(format_type(atttypid, atttypmod) ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped) AS attribute_types
FROM pg_type AS own LEFT JOIN pg_class ON pg_class.oid = typrelid
WHERE (typtype IN ('e', 'd', 'r') OR (typtype = 'c' AND relkind = 'c'))
    AND {IN_SCHEMAS.format("typnamespace")}
    AND {NOT_OF_EXTENSION.format("pg_type", "own.oid")}
ORDER BY name
"""

FUNCTIONS = f"""
SELECT own.oid::regprocedure::text AS name,
    CASE prokind WHEN 'a' THEN (
        SELECT concat_ws(' ', aggtransfn::text, aggfinalfn::text, aggsortop::text,
            aggtranstype::regtype::text, agginitval) FROM pg_aggregate WHERE aggfnoid = own.oid
    ) ELSE pg_get_functiondef(own.oid) END AS definition
FROM pg_proc AS own
WHERE {IN_SCHEMAS.format("pronamespace")} AND {NOT_OF_EXTENSION.format("pg_proc", "own.oid")}
ORDER BY name
"""

EXTENSIONS = "SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY extname"

SCHEMAS = f"SELECT nspname AS name FROM pg_namespace WHERE {IN_SCHEMAS.format('oid')} ORDER BY nspname"

OBJECTS = f"""
SELECT 'collation' AS what, collname::text AS name, concat_ws(' ', collprovider::text, collcollate,
    coalesce(to_jsonb(own) ->> 'colllocale', to_jsonb(own) ->> 'colliculocale'), collisdeterministic::text
) AS definition, NULL::oid AS relation
FROM pg_collation AS own
WHERE {IN_SCHEMAS.format("collnamespace")} AND {NOT_OF_EXTENSION.format("pg_collation", "own.oid")}
UNION ALL
SELECT 'statistics', stxname::text, pg_get_statisticsobjdef(oid), stxrelid
FROM pg_statistic_ext WHERE {IN_SCHEMAS.format("stxnamespace")}
UNION ALL
SELECT 'publication', pubname::text, concat_ws(' ',
    puballtables, pubinsert, pubupdate, pubdelete, pubtruncate,
    (SELECT string_agg(prrelid::regclass::text, ', ' ORDER BY prrelid::regclass::text)
        FROM pg_publication_rel WHERE prpubid = pg_publication.oid)), NULL
FROM pg_publication
UNION ALL
SELECT 'event trigger', evtname::text, concat_ws(' ', evtevent, evtfoid::regproc, evtenabled, evttags), NULL
FROM pg_event_trigger
UNION ALL
SELECT 'foreign server', srvname::text, concat_ws(' ', srvfdw, srvtype, srvversion), NULL
FROM pg_foreign_server
ORDER BY 1, 2
"""

# A default depends on its own column: only that of a generated column hangs on others.
DEPENDENTS = f"""
SELECT DISTINCT refobjid AS relation, refobjsubid AS number, classid::regclass::text AS class,
    pg_describe_object(classid, objid, objsubid) AS description,
    coalesce({NAME.format("viewed")}, rulename::text, polname::text, tgname::text, generated.attname::text,
        CASE classid WHEN 'pg_proc'::regclass THEN objid::regprocedure::text END, '') AS name,
    viewed.oid IS NOT NULL AS is_view
FROM pg_depend
LEFT JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND pg_rewrite.oid = objid
LEFT JOIN pg_class AS viewed ON viewed.oid = ev_class AND rulename = '_RETURN'
LEFT JOIN pg_policy ON classid = 'pg_policy'::regclass AND pg_policy.oid = objid
LEFT JOIN pg_trigger ON classid = 'pg_trigger'::regclass AND pg_trigger.oid = objid
LEFT JOIN pg_attrdef ON classid = 'pg_attrdef'::regclass AND pg_attrdef.oid = objid
LEFT JOIN pg_attribute AS generated ON attrelid = adrelid AND generated.attnum = adnum AND attgenerated <> ''
WHERE refclassid = 'pg_class'::regclass AND refobjid = ANY (%(relations)s::oid[]) AND deptype IN ('n', 'a')
    AND classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass,
        'pg_attrdef'::regclass, 'pg_proc'::regclass, 'pg_publication_rel'::regclass)
    AND (viewed.oid IS NULL OR viewed.oid <> refobjid)
    AND (pg_trigger.oid IS NULL OR NOT tgisinternal)
    AND (pg_attrdef.oid IS NULL OR (generated.attnum IS NOT NULL AND generated.attnum <> refobjsubid))
ORDER BY relation, number, description
"""
