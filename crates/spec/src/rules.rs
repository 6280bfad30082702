//! Every kind of finding that reading and checking specs can end in.

use cstspec_contract::{Rule, Severity};

/// Declares the rules and the list of them all.
macro_rules! rules {
    ($($constant:ident $code:literal $name:literal $severity:ident $summary:literal $explanation:literal)+) => {
        $(
            #[doc = $summary]
            pub const $constant: Rule = Rule {
                code: $code,
                name: $name,
                severity: Severity::$severity,
                summary: $summary,
                explanation: $explanation,
            };
        )+

        /// Every rule of this crate, by code.
        pub const ALL: &[&Rule] = &[$(&$constant),+];
    };
}

rules! {
    UNREADABLE "C001" "specs-unreadable" Error
        "A spec file or folder cannot be read."
        "The operating system refused to list a folder or to read a file of the catalog. Its content is unknown, so the catalog is not compiled.\n\nCheck that it exists and that its permissions let you read it."
    CATALOG_MISSING "C002" "catalog-missing" Error
        "The specs folder has no catalog.yaml."
        "A specs folder is identified by its `catalog.yaml`, which declares the catalog, the engine version and the folders that belong to it.\n\nSelect the folder that contains it with `--specs`, or write one: specs/README.md has the keys."
    TOO_LARGE "C003" "specs-too-large" Error
        "A spec, a type or a catalog exceeds a size limit."
        "Specs are read completely, so their size is bounded: one mebibyte for a file; twenty thousand files and 32 mebibytes for a catalog; twenty thousand fields, at all depths, for a relation or a type, and a million for all relations. Types and expressions have a length and a depth that no person reaches. A value of fixed size (`fixed_size_binary`, `fixed_size_list`) and a default take their bytes in each row of a batch: 65,536 at most, and a gibibyte for all columns of a batch. A larger spec is misplaced data or an attack.\n\nSplit it into named types in `types/`."
    INVALID_UTF8 "C004" "invalid-utf8" Error
        "A spec file, or its name, is not UTF-8."
        "YAML is Unicode. The names in a file with another encoding would be read as different names.\n\nSave it as UTF-8."
    NOT_A_FILE "C005" "not-a-file" Error
        "An entry with the name of a spec is not a regular file."
        "Reading a pipe or a device may never end, so only regular files are opened.\n\nReplace it by a file, or remove it."
    INCLUDE_ESCAPES "C006" "include-escapes" Error
        "An include, or a link, leads out of the specs folder."
        "The specs folder is the unit that is reviewed, copied and embedded. Files outside of it would be missing elsewhere.\n\nMove the specs into the folder of `catalog.yaml`."
    INCLUDE_MISSING "C007" "include-missing" Error
        "An include names a file or folder that does not exist."
        "Every entry of `include` is a folder or a file beside `catalog.yaml`. A missing entry may hide a whole part of the catalog, so it is not ignored.\n\nCreate it, or remove the entry."
    FOLDER_LOOP "C008" "folder-loop" Error
        "A folder contains itself through a link, or nests too deeply."
        "Following the link would never end.\n\nRemove the symbolic link that leads back."
    YAML_SYNTAX "C009" "yaml-syntax" Error
        "A file is not one document of valid YAML."
        "The place of the finding is the mistake itself if it can be determined (the bracket or quote that is not closed, the value that needs quotes, the misplaced line). Then only the affected part is skipped, and the rest of the file is read. Otherwise the place is where the parser stopped, and further findings of this file may follow once the mistake is corrected.\n\nThe usual cause is an indentation or a quote just before the place."
    TOO_DEEP "C010" "yaml-too-deep" Error
        "Collections nest too deeply."
        "The depth is bounded so that no document can exhaust the stack. The deepest spec in this repository needs six levels.\n\nMove the inner types to `types/` and refer to them by name."
    YAML_ALIAS "C011" "yaml-alias" Error
        "An anchor, an alias or a tag is used."
        "Aliases can expand a small file to gigabytes, and a reviewer cannot see their values. Specs have named types, `extends` and presets instead.\n\nWrite the value out, or name a type."
    DUPLICATE_KEY "C012" "duplicate-key" Error
        "A key is written twice in one mapping."
        "YAML readers disagree on which of the two values counts, and one of them is silently lost.\n\nRemove one, or rename it."
    AMBIGUOUS_SCALAR "C013" "ambiguous-scalar" Warning
        "A word has another meaning for other readers of YAML."
        "Specs are YAML 1.2: `no`, `on`, `y` and `1_000` are text and `012` is twelve. Tools that read YAML 1.1 read them as booleans and other numbers: an editor or formatter may rewrite them, and a column `no` becomes `false`. A key is always a name in a spec, but other readers see a number, a boolean, a date or null in `1`, `true`, `2024-01-01` and `null`.\n\nThe catalog is compiled by the rules of YAML 1.2. Put the word in quotes, and every tool reads the same."
    UNKNOWN_KEY "C014" "unknown-key" Error
        "The key is unknown in this kind of spec."
        "Nobody would check the promise of a misspelt key.\n\nspecs/README.md lists the keys of every kind of spec; editors complete them from the JSON Schema on the first line."
    MISSING_KEY "C015" "missing-key" Error
        "A required key is missing."
        "The spec is incomplete without it.\n\nAdd the key; specs/README.md has its meaning."
    WRONG_TYPE "C016" "wrong-type" Error
        "A value has the wrong YAML type for its key."
        "Examples are a mapping in the place of a sequence, a number in the place of text, and a word that is not one of the allowed words.\n\nThe finding has the expected type."
    UNKNOWN_KIND "C017" "unknown-kind" Error
        "A document has no known kind."
        "The first key of a document decides its kind: `dataset:`, `view:`, `type:`, `functions:`, `session:`, `boundary:` or `statements:`. This document starts with another key, or with a key that belongs in `catalog.yaml` only.\n\nStart the document with the key of its kind, or move the file out of the included folders."
    CUT_SHORT "C018" "findings-cut-short" Info
        "There may be more mistakes than the findings show."
        "A file with a hundred mistakes usually has one cause: another format, a broken merge, a lost indentation. After a hundred findings in a file, or a thousand in a catalog, the search stops.\n\nCorrect the shown mistakes, and check again."
    SPLIT_VALUE "C019" "split-value" Error
        "A comma splits a value inside braces or brackets."
        "Inside `{ }` and `[ ]` a comma ends a value that is not in quotes. `{ type: map<utf8, utf8> }` is a mapping with the type `map<utf8` and a key `utf8>`, and `[decimal128(10, 2)]` is a sequence of two items. In a block, `attrs: map<utf8, utf8>` needs no quotes.\n\nWrite the value in quotes, as the finding shows it, or the mapping as a block."

    DUPLICATE_NAME "C101" "duplicate-name" Error
        "A name is defined or listed twice."
        "Datasets, views and accessors share one namespace, because all of them are tables in the engine. Types, sessions, boundaries, functions and statements have one namespace each; the types that specs/README.md lists belong to the namespace of types. A list of columns or presets contains each name once.\n\nRename one of the two."
    UNKNOWN_TYPE "C102" "unknown-type" Error
        "A type is unknown."
        "Types are written as specs/README.md lists them, in lower case. Every other name must be defined by a `type:` document.\n\nCorrect the name, or define the type."
    RECURSIVE_TYPE "C103" "recursive-type" Error
        "A named type contains itself."
        "Arrow types are finite: a struct cannot contain itself, not even inside a list.\n\nBreak the cycle, for example by keys that refer to other rows."
    TYPE_SYNTAX "C104" "type-syntax" Error
        "A type cannot be parsed."
        "Types are written `list<T>`, `map<K, V>`, `struct<a: T, b: T not null>`, `timestamp(us, UTC)`: children in angle brackets, parameters in round ones.\n\nThe finding points at the character where parsing failed."
    TYPE_ARGUMENTS "C105" "type-arguments" Error
        "A type has invalid children or parameters."
        "Examples are a `decimal128` with more than 38 digits, a `map` with one child, and a `dictionary` whose keys are not integers.\n\nThe finding shows the valid form."
    UNKNOWN_COLUMN "C106" "unknown-column" Error
        "A column or field is unknown here."
        "Expressions and paths can use the fields of the element, the columns taken from the row and the context columns of their view, by exactly these names.\n\nCorrect the name; the finding lists the known ones."
    UNKNOWN_RELATION "C107" "unknown-relation" Error
        "A relation is unknown."
        "Views and references name relations of the same catalog.\n\nCorrect the name, or include the folder that defines it."
    DEPENDENCY_CYCLE "C108" "dependency-cycle" Error
        "Views, presets or types depend on one another in a cycle."
        "Relations are registered in the order of their dependencies. A cycle has no such order.\n\nRemove one of the dependencies shown."
    UNKNOWN_FUNCTION "C109" "unknown-function" Error
        "An expression calls a function that no spec declares."
        "The checker types expressions with the functions in `functions/`, and `verify` compares these with the engine. A function without a declaration would not be checked.\n\nCorrect the name, or declare the function with its signature."
    INVALID_NAME "C110" "invalid-name" Error
        "A name is invalid."
        "Relations, columns, fields, statements and boundaries may have any name except an empty one, one longer than 1024 bytes, and one with control characters (line ends, tabs, NUL), which SQL, paths and file names cannot represent. Types, functions, presets and the catalog are named by their author: lower-case letters, digits and underscores, not starting with a digit.\n\nRename it. To read a column of a file under another name, use `evolution.renames`."
    NAME_COLLISION "C111" "name-collision" Error
        "Two columns, or two fields of a struct, have the same name."
        "Columns and fields are looked up by name, so one of the two could not be read.\n\nRename one, or take it from another place under another name."
    UNKNOWN_SESSION "C112" "unknown-session" Error
        "A session preset is unknown."
        "`extends` and the catalog's `session` name presets of the same catalog.\n\nCorrect the name, or define the preset."
    UNKNOWN_SETTING "C113" "unknown-setting" Error
        "A setting is unknown to the engine."
        "The valid settings are those that the engine version of the catalog reports in `df_settings`. The engine would refuse the session.\n\nCorrect the name."
    UNKNOWN_ENGINE "C114" "unknown-engine" Error
        "The engine version of the catalog is not supported."
        "Settings and typing rules differ between engine versions, and each supported version has a tested table.\n\nWrite the version that this tool was built with."
    NAME_NEEDS_QUOTES "C115" "name-needs-quotes" Info
        "A name needs quotes in SQL."
        "The name has capitals, spaces, dots or other signs, starts with a digit, or is a reserved word of SQL. Files have such names, and generated SQL quotes them. A query that a person writes must quote them too: without quotes the engine folds the name to lower case or splits it.\n\nNo change is required. A name that you can choose needs no quotes if it consists of lower-case letters, digits and underscores; `evolution.renames` reads a column of a file under such a name."
    NAMES_DIFFER_BY_CASE "C116" "names-differ-by-case" Warning
        "Two names in one place differ only in case."
        "`Id` and `id` are two columns for the engine, but it folds every name without quotes to lower case, so a query may read the wrong one. Other readers (Delta tables, Hive, most databases) do not distinguish them at all.\n\nChoose another name for one of them if you can; `evolution.renames` reads a column of a file under another name."
    PATH_SYNTAX "C117" "path-syntax" Error
        "A path cannot be parsed."
        "A path consists of names separated by dots: `devices.readings.value`. A name that contains a dot or begins with a quote is written in double quotes, and a quote inside is doubled: `\"service.name\".x`, `\"a\"\"b\"`. In YAML a path that begins with a quote is written in single quotes.\n\nCorrect the path."
    INVALID_FILE_PATTERN "C118" "invalid-file-pattern" Error
        "A file pattern under `scan.files` is invalid."
        "`scan.files` has the patterns of a dataset's data files. A pattern without `/` matches names: `*.parq`. A pattern with `/` matches the path below the dataset's location: `data/**/*.parquet`. `*` matches any part of a name, `?` one character, `[ab]` one of these characters, and `**` between slashes any folders.\n\nWrite a pattern of this form."
    SETTING_OVERRULED "C120" "setting-overruled" Error
        "A setting would override the types of a contract."
        "`coerce_int96`, `coerce_int96_tz` and `binary_as_string` set the types that the engine infers for columns of Parquet files. Datasets infer no types: a file is read with the types of its contract. A pinned setting would appear in the session and have no effect.\n\nRemove it from the preset. INT96 is decoded in the unit and the time zone of the declared timestamp; binary is read as text if the dataset's `evolution.casts` is `any`."
    RENAME_WITHOUT_EFFECT "C121" "rename-without-effect" Error
        "A rename starts from a name that the contract still has."
        "`evolution.renames` maps older names in files to present names. A name that the contract still has is never read as another column: a file with that name has that column. So the rename has no effect, and in files that have only the old name the new column reads as its default or NULL.\n\nRemove the rename; or remove the old column from the contract, if files use its name for the new one."
    NULLS_OF_NO_ARGUMENT "C122" "nulls-of-no-argument" Error
        "A list under `nulls` has an invalid argument number."
        "A list under `nulls` has the numbers of the arguments that decide whether the output may be NULL: `nulls: [2]` of `date_trunc(utf8, timestamp(ns)) -> timestamp(ns)` is its second. The first argument is 1. A repeated type (`...`) has one number for all arguments that it takes: in `concat_ws(utf8, utf8...)` 2 is every argument but the first. At least one of several signatures has the number, and each number is listed once.\n\nFor an output that is never NULL write `nulls: never`; if any argument may make it NULL, write `nulls: propagate`."
    INVALID_OUT "C125" "invalid-out" Error
        "`out` is not a folder inside the repository."
        "The generator writes and removes files below `out`, so `out` must be inside the repository of the specs. It is a relative path with `/` between its parts. Neither the path nor a link in it may lead out of the repository, into the folder of version control, or to a folder that contains the specs folder. The repository is the nearest folder upward with `.git`, `.hg`, `.jj` or `.svn`; without one, the topmost folder upward with a `Cargo.toml` or `pyproject.toml`; without one, the parent of the specs folder.\n\nUse a separate folder: `out: ../generated`."
    UNKNOWN_TIME_ZONE "C126" "unknown-time-zone" Error
        "A time zone is unknown to the engine."
        "Time zones are names of the IANA database, including capitals (`Europe/Vienna`, `UTC`), or offsets of less than a day (`+05:30`). The engine would report an unknown zone only when the first value is printed, cast or compared.\n\nCorrect the name."
    SETTING_VALUE "C127" "setting-value" Error
        "A setting has an invalid value."
        "The engine parses most values when they are set and uses them without a check: an unknown unit, an impossible number of partitions or a batch of a thousand million rows ends a query in a panic or exhausts the memory. So the values of every setting in every preset are compared with a table of valid words and bounds. Settings that decide how SQL is parsed have one valid value, with which the queries of a catalog are written, checked and generated: the dialect `generic`, and names without quotes in lower case.\n\nWrite a value that the finding lists."

    PARTITION_NOT_IN_SCHEMA "C201" "partition-not-in-schema" Error
        "A partition column is not among the columns."
        "Partition columns are declared among the columns, in their place; the folder names of a Hive layout supply their values.\n\nAdd the column, or correct the name."
    PARTITION_NESTED "C202" "partition-nested" Error
        "A partition column is nested or has a nested type."
        "A folder name has one scalar value of one top-level column.\n\nPartition by a top-level column of a scalar type."
    ORDERING_UNKNOWN "C203" "ordering-column-unknown" Error
        "A sort key is not a column."
        "The declared order names top-level columns.\n\nCorrect the name."
    KEY_UNKNOWN "C204" "key-column-unknown" Error
        "A key, NOT NULL, reference or scan recommendation names an unknown column."
        "Keys and references name output columns; NOT NULL may name a nested field by its path.\n\nCorrect the name."
    UNIQUE_NULLABLE "C205" "unique-key-nullable" Error
        "A key of a dataset has a nullable column."
        "DataFusion trusts unique constraints and treats all NULLs in them as one value. With such a key it returns wrong rows (DataFusion issue 23634).\n\nDeclare the column `nullable: false`, or drop the key."
    DEFAULT_MISMATCH "C206" "default-type-mismatch" Error
        "A default or allowed value does not fit its type."
        "The first file that lacks the column would fail.\n\nWrite a value of the declared type, or change the type."
    REFERENCE_NOT_KEY "C207" "reference-not-a-key" Error
        "A reference does not name a key."
        "A reference requires that every value identifies one row of the other relation. Only a key of that relation ensures this.\n\nRefer to the key, or declare one."
    REFERENCE_MISMATCH "C208" "reference-type-mismatch" Error
        "A reference has columns of different number or type."
        "Values of different types are never equal, so every row would break the reference.\n\nUse the same number and the same types on both sides."
    RENAME_UNKNOWN "C209" "rename-target-unknown" Error
        "A rename leads to a field that the contract does not have."
        "`renames` maps the path in old files to the present name of the field, in the same struct.\n\nCorrect the new name."
    INVALID_DURATION "C210" "invalid-duration" Error
        "A duration cannot be parsed."
        "A duration is a whole number with a unit: `500ms`, `30s`, `2m`, `1h`.\n\nWrite a duration of this form."
    POLICY_PATH_UNKNOWN "C211" "policy-path-unknown" Error
        "A schema evolution policy is for a path that the contract does not have."
        "`evolution.paths` maps paths of the contract to their policies. Without the field the policy has no effect, and files are read under another one. A path is spelled as in the contract, not as in an old file: `refs.span.start`, and `.key` and `.value` for the sides of a map.\n\nCorrect the path."
    PLAN_TOO_LARGE "C220" "plan-too-large" Error
        "The plan of a view or statement is too large for the engine."
        "The engine inlines the query of a view, and a query of WITH, wherever it is named. Thirty views that each read the previous one twice come to a thousand million relations; a chain of thousands of views takes seconds and gigabytes before the first row. A view or statement may come to 1,000 relations and SELECTs, with 100 nested queries, and all views of a catalog to 100,000.\n\nName a relation once and join the columns that are needed, or store the result of an inner view as a dataset."
    RECURSIVE_VIEW "C221" "recursive-view" Error
        "The query of a view reads itself."
        "WITH RECURSIVE has no bound: if its rows never end, neither does `verify`, nor any query over the view.\n\nWrite it as a prepared statement, which runs only on request, or store its result as a dataset."
    DEFAULT_NOT_ALLOWED "C222" "default-not-allowed" Error
        "A default is not among the allowed values."
        "In files that lack the column, every row would read as a value that the contract excludes, and `verify --deep` would report each of them.\n\nWrite an allowed value, or allow this one."
    ALLOWED_NOT_IN_TYPE "C223" "allowed-not-in-type" Error
        "A field allows a value that its named type does not."
        "The `allowed` values of a named type hold wherever the type is used. A use may allow fewer of them and no others.\n\nRemove the value from the use, or add it to the type."
    EMPTY_CATALOG "C240" "empty-catalog" Error
        "A catalog contains no specs."
        "`include` leads to no spec: it is empty, or its folders contain no file that ends in `.yaml` or `.yml`. A run over such a catalog checks nothing, and must not look like a clean run.\n\nAdd the folders that contain specs, or write a spec."
    EMPTY_INCLUDE "C241" "empty-include" Warning
        "A folder of `include` contains no spec."
        "Folders are searched for files that end in `.yaml` or `.yml`. This folder has none: its specs may have other names or another place, and nobody checks them.\n\nCorrect the path or the names, or remove the folder from `include`."

    VIEW_SHAPE "C301" "view-shape" Error
        "A view, accessor, column or type is defined more than once or not at all."
        "A view has exactly one of `rows`, `diagnose` and `sql`; an accessor exactly one of `entries`, `entry`, `pack` and `unpack`; a column at most one of `row`, `field` and `expr`; a position one name for each list of its path; a type either `is` or `fields`. Keys of one form are valid in that form only.\n\nKeep the intended one."
    NOT_A_LIST "C302" "not-a-list" Error
        "A path to unnest does not end in a list or a map."
        "Row views have one row per element of a list, or per entry of a map.\n\nWrite the path of a list or map column, or of a list or map inside one."
    NOT_A_MAP "C303" "not-a-map" Error
        "A path does not lead to a map."
        "`entries` and `entry` read maps.\n\nWrite the path of a map."
    TYPE_DIFFERS "C304" "declared-type-differs" Error
        "A declared type differs from the type of the expression."
        "A written type is checked against the inferred one.\n\nCorrect the type, omit it, or cast in the expression."
    NEEDS_TYPE "C305" "type-needed" Error
        "The type of an expression cannot be inferred."
        "The checker types a large but bounded set of expressions and never guesses.\n\nWrite the column's `type:`; `verify` compares it with the engine's type."
    EXPRESSION_SYNTAX "C306" "expression-syntax" Error
        "An expression or query cannot be parsed."
        "It is parsed by the engine's SQL parser.\n\nThe finding points at the place where the parser stopped."
    ARGUMENT_COUNT "C307" "argument-count" Error
        "A call has too many or too few arguments."
        "The signatures in `functions/` define the number of arguments.\n\nThe finding shows the signature."
    ARGUMENT_TYPE "C308" "argument-type" Error
        "An argument or operand has the wrong type."
        "The engine would refuse the view when it is planned.\n\nCast it, or use another function."
    SIGNATURE_SYNTAX "C309" "signature-syntax" Error
        "A signature cannot be parsed, or belongs to another function."
        "Signatures are written `map_extract(map<K, V>, K) -> list<V>`: upper-case letters are type variables, `...` repeats the last type, `?` makes a parameter optional.\n\nThe finding points at the character where parsing failed."
    OUTPUT_DIFFERS "C310" "output-differs" Error
        "The declared output of a query differs from its selected columns."
        "A view with `sql` declares its output columns, with the names and in the order of the query.\n\nName every selected expression with AS, and list the same names under `output`."
    PARAMETERS_DIFFER "C311" "parameters-differ" Error
        "A statement uses parameters that differ from the declared ones."
        "`parameters` has the types of `$1`, `$2` and so on; the statement uses each of them.\n\nMake the list and the query agree."
    INVALID_CONDITION "C312" "invalid-condition" Error
        "A condition under `where` is not a boolean that each row decides alone."
        "The rows of a row view with `where` are the elements for which the condition is true. It is one boolean expression over the names that `expr` may use: the element's fields, the columns taken from the row, context columns and positions. The checker infers its type. An aggregate, a window function or a subquery looks at other rows, and a number or a text is not a condition.\n\nCompare the value with another one, or write the view with `sql`."
}
