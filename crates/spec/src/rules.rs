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
        "The operating system refused to list a folder or to read a file that belongs to the catalog. Nothing can be said of what it holds, so the catalog is not compiled.\n\nCheck that it exists and that its permissions let you read it."
    CATALOG_MISSING "C002" "catalog-missing" Error
        "The specs folder has no catalog.yaml."
        "A specs folder is known by its `catalog.yaml`, which names the catalog, the engine version and the folders that belong to it.\n\nPass the folder that holds it with `--specs`, or write one: specs/README.md has the keys."
    TOO_LARGE "C003" "specs-too-large" Error
        "Something in the specs is larger, or there is more of it, than a person writes."
        "Specs are read whole, so their size is bounded: one mebibyte for a file; twenty thousand files and 32 mebibytes for a catalog; twenty thousand fields, at all depths, for a relation or a type, and a million for all relations. Types and expressions have a length and a depth that no person reaches. A value of fixed size (`fixed_size_binary`, `fixed_size_list`) and a default take their bytes in each row of a batch: 65,536 at most, and a gibibyte for all columns of a batch. Something larger is data in the wrong place, or means harm.\n\nSplit it: named types in `types/` are meant for that."
    INVALID_UTF8 "C004" "invalid-utf8" Error
        "A spec file, or its name, is not UTF-8."
        "YAML is Unicode. A file in another encoding would be read as other names than the ones written.\n\nSave it as UTF-8."
    NOT_A_FILE "C005" "not-a-file" Error
        "Something with the name of a spec is no regular file."
        "A pipe or a device may never end when it is read, so only regular files are opened.\n\nReplace it by a file, or remove it."
    INCLUDE_ESCAPES "C006" "include-escapes" Error
        "An include, or a link, leads out of the specs folder."
        "The specs folder is the unit that is reviewed, copied and embedded. What lies outside of it would be missing elsewhere.\n\nMove the specs into the folder of `catalog.yaml`."
    INCLUDE_MISSING "C007" "include-missing" Error
        "An include names nothing."
        "Every entry of `include` is a folder or a file beside `catalog.yaml`. One that is missing may hide a whole part of the catalog, so it is not passed over.\n\nCreate it, or remove the entry."
    FOLDER_LOOP "C008" "folder-loop" Error
        "A folder contains itself through a link, or nests too deep."
        "Following the link would never end.\n\nRemove the symbolic link that leads back."
    YAML_SYNTAX "C009" "yaml-syntax" Error
        "A file is not one document of valid YAML."
        "The place is the one to mend where that can be told (the bracket or quote that is not closed, the value that needs quotes, the line that stands wrong), and what belongs to it is passed over while the rest of the file is read. Else it is where the parser stopped, and further findings in this file may come after the first is mended.\n\nMost often the indentation or a quote is off just before the place shown."
    TOO_DEEP "C010" "yaml-too-deep" Error
        "Collections nest deeper than specs do."
        "Depth is bounded so that no document can exhaust the stack. The deepest shipped spec needs six levels.\n\nName the inner types in `types/` and refer to them."
    YAML_ALIAS "C011" "yaml-alias" Error
        "An anchor, an alias or a tag is used."
        "Aliases can make a small file expand to gigabytes, and a reviewer cannot see what they stand for. Specs have named types, `extends` and presets instead.\n\nWrite the value out, or name a type."
    DUPLICATE_KEY "C012" "duplicate-key" Error
        "A key is written twice in one mapping."
        "YAML readers disagree on which of the two counts; either way one of them is silently lost.\n\nRemove one, or rename it."
    AMBIGUOUS_SCALAR "C013" "ambiguous-scalar" Warning
        "A word means one thing here and another to other readers of YAML."
        "Specs are YAML 1.2: `no`, `on`, `y` and `1_000` are text and `012` is twelve. Tools that read YAML 1.1 take them for booleans and other numbers: an editor or formatter may rewrite them, and a column called `no` becomes `false`. A key is the name that stands there, though it may look like a number, a boolean, a date or nothing (`1`, `true`, `2024-01-01`, `null`) to every reader but this one.\n\nThe catalog is compiled as YAML 1.2 reads it. Put the word in quotes, and every tool reads the same."
    UNKNOWN_KEY "C014" "unknown-key" Error
        "A key that this kind of spec does not have."
        "A misspelt key would be a promise that nobody checks.\n\nspecs/README.md lists the keys of every kind of spec; editors complete them from the JSON Schema on the first line."
    MISSING_KEY "C015" "missing-key" Error
        "A key that must be there is not."
        "The spec cannot be understood without it.\n\nAdd the key; specs/README.md says what it means."
    WRONG_TYPE "C016" "wrong-type" Error
        "A value of another kind than its key takes."
        "For example a mapping where a sequence belongs, a number where text belongs, or a word that is none of the known ones.\n\nThe finding says what belongs there."
    UNKNOWN_KIND "C017" "unknown-kind" Error
        "A document that is no kind of spec."
        "The first key of a document says what it is: `dataset:`, `view:`, `type:`, `functions:`, `session:`, `boundary:` or `statements:`. This one starts with none of them, or belongs into `catalog.yaml` alone.\n\nStart the document with the key of its kind, or move the file out of the included folders."
    CUT_SHORT "C018" "findings-cut-short" Info
        "There may be more mistakes than are shown."
        "A file that is wrong in a hundred places is most often wrong in one: another format, a broken merge, a lost indentation. After so many findings in a file, or a thousand in a catalog, the rest is not looked for.\n\nMend what is shown, and check again."
    SPLIT_VALUE "C019" "split-value" Error
        "A comma cuts a value inside braces or brackets in two."
        "Inside `{ }` and `[ ]` a comma ends a value that is not in quotes. `{ type: map<utf8, utf8> }` is a mapping with the type `map<utf8` and a key `utf8>`, and `[decimal128(10, 2)]` a sequence of two items. In a block, `attrs: map<utf8, utf8>` needs no quotes.\n\nWrite the value in quotes, as the finding shows it, or the mapping as a block."

    DUPLICATE_NAME "C101" "duplicate-name" Error
        "A name is defined, or listed, twice."
        "Datasets and views share one namespace, because they are tables to the engine; so do accessors. Types, sessions, boundaries, functions and statements have one namespace each; the types that specs/README.md lists are in that of the types. A list of columns or presets names each of them once.\n\nRename one of the two."
    UNKNOWN_TYPE "C102" "unknown-type" Error
        "A type that is neither Arrow's nor named in types/."
        "Types are spelled as specs/README.md lists them, in lower case; other names must be defined by a `type:` document.\n\nCorrect the name, or define the type."
    RECURSIVE_TYPE "C103" "recursive-type" Error
        "A named type that contains itself."
        "Arrow types are finite: a struct cannot contain itself, not even inside a list.\n\nBreak the circle, for example by keys that refer to other rows."
    TYPE_SYNTAX "C104" "type-syntax" Error
        "A text that is no type."
        "Types are written `list<T>`, `map<K, V>`, `struct<a: T, b: T not null>`, `timestamp(us, UTC)`: children in angle brackets, parameters in round ones.\n\nThe finding points at the character where the reading failed."
    TYPE_ARGUMENTS "C105" "type-arguments" Error
        "A type with other children or parameters than it takes."
        "For example a `decimal128` with more than 38 digits, a `map` with one child, or a `dictionary` whose keys are no integers.\n\nThe finding shows the form."
    UNKNOWN_COLUMN "C106" "unknown-column" Error
        "A name that is no column or field here."
        "Expressions and paths see the fields of the element, the columns taken from the row and the context columns of their view, by exactly these names.\n\nCorrect the name; the finding lists what there is."
    UNKNOWN_RELATION "C107" "unknown-relation" Error
        "A name that is no dataset and no view."
        "Views and references name relations of the same catalog.\n\nCorrect the name, or include the folder that defines it."
    DEPENDENCY_CYCLE "C108" "dependency-cycle" Error
        "Views, presets or types that need one another in a circle."
        "Relations are registered one after the other, each after those it reads. In a circle there is no first.\n\nTake one of the steps shown out."
    UNKNOWN_FUNCTION "C109" "unknown-function" Error
        "An expression calls a function that no spec declares."
        "The functions in `functions/` are what the checker types expressions with and what is held against the engine. A function that is not declared is checked by nobody.\n\nCorrect the name, or declare the function with its signature."
    INVALID_NAME "C110" "invalid-name" Error
        "A name that nothing can have."
        "Relations, columns, fields, statements and boundaries may have any name but an empty one, one with control characters (line ends, tabs, NUL), which no SQL, path or file name can show, and one longer than 1024 bytes. Types, functions, presets and the catalog are named by their author alone: lower-case letters, digits and underscores, not starting with a digit.\n\nRename it. A column that files call so can be read under another name: `evolution.renames`."
    NAME_COLLISION "C111" "name-collision" Error
        "Two columns, or two fields of a struct, with the same name."
        "Columns and fields are found by name, so one of the two could not be read.\n\nRename one, or take it from elsewhere under another name."
    UNKNOWN_SESSION "C112" "unknown-session" Error
        "A name that is no session preset."
        "`extends` and the catalog's `session` name presets of the same catalog.\n\nCorrect the name, or define the preset."
    UNKNOWN_SETTING "C113" "unknown-setting" Error
        "A setting that the engine does not know."
        "The names of settings are those that the engine version of the catalog reports in `df_settings`. The engine would refuse the session.\n\nCorrect the name."
    UNKNOWN_ENGINE "C114" "unknown-engine" Error
        "The catalog expects an engine version that this tool has no table for."
        "Settings and typing rules differ between engine versions, and each supported version has a checked table.\n\nWrite the version that this tool was built with."
    NAME_NEEDS_QUOTES "C115" "name-needs-quotes" Info
        "A name that SQL takes in quotes alone."
        "The name has capitals, spaces, dots or other signs, starts with a digit, or is a reserved word of SQL. Files have such names, and everything that is generated from specs quotes them. A query that a person writes must do so too: without quotes the engine folds the name to lower case or takes it apart.\n\nNothing needs to be done. Where the name is yours to choose, lower-case letters, digits and underscores need no quotes; `evolution.renames` reads a column of a file under such a name."
    NAMES_DIFFER_BY_CASE "C116" "names-differ-by-case" Warning
        "Two names in one place differ in their case alone."
        "`Id` and `id` are two columns to the engine, but it folds every name that is not in quotes to lower case, so that one is read where the other was meant. Other readers (Delta tables, Hive, most databases) do not tell them apart at all.\n\nWhere one of the names is yours to choose, choose another; `evolution.renames` reads a column of a file under another name."
    PATH_SYNTAX "C117" "path-syntax" Error
        "A text that is no path."
        "A path is names with dots between them: `devices.readings.value`. A name that holds a dot or begins with a quote stands in double quotes, and a quote inside is doubled: `\"service.name\".x`, `\"a\"\"b\"`. In YAML a path that begins with a quote stands in single quotes.\n\nCorrect the path."
    INVALID_FILE_PATTERN "C118" "invalid-file-pattern" Error
        "A text under `scan.files` that is no pattern of file names."
        "`scan.files` says how the data files of a dataset are called. A pattern without `/` is over names: `*.parq`. One with `/` is over the path below the dataset's location: `data/**/*.parquet`. `*` stands for any part of a name, `?` for a letter, `[ab]` for one of these, and `**` between slashes for any folders.\n\nWrite it so."
    SETTING_OVERRULED "C120" "setting-overruled" Error
        "A setting about how files are read that a contract decides instead."
        "`coerce_int96`, `coerce_int96_tz` and `binary_as_string` tell the engine which types it is to infer for columns of Parquet files. Datasets infer none: a file is read as its contract declares, each dataset for itself. A pinned setting would be shown as set and do nothing.\n\nTake it out of the preset. INT96 is decoded in the unit and the zone of the declared timestamp; binary is read as text where the dataset's `evolution.casts` is `any`."
    RENAME_WITHOUT_EFFECT "C121" "rename-without-effect" Error
        "A rename of a name that a column or field still has."
        "`evolution.renames` says what a column or field was called in older files. A name that the contract still has is never taken for another one: a file that has it has that column. So the rename does nothing, and in files that have the old name alone the new column reads as its default or NULL.\n\nTake the rename out; or take the old column out of the contract, if files have it for the new one."
    NULLS_OF_NO_ARGUMENT "C122" "nulls-of-no-argument" Error
        "A list under `nulls` that names no argument of the function, or one twice."
        "A list under `nulls` says which arguments decide when the output may be NULL, by their numbers in the signature: `nulls: [2]` of `date_trunc(utf8, timestamp(ns)) -> timestamp(ns)` is its second. The first is 1. Types that repeat (`...`) have a number once, which stands for all arguments that they take: in `concat_ws(utf8, utf8...)` 2 is every argument but the first. Of several signatures at least one has the number.\n\nNever NULL is `nulls: never`, and where any argument may be NULL is `nulls: propagate`."
    INVALID_OUT "C125" "invalid-out" Error
        "An `out` that is no folder inside the repository."
        "The generator writes and removes files below `out`, so `out` stays inside the repository that holds the specs: a relative path with `/` between its parts that does not lead out of the repository, as it is spelled or through a link, into the folder of version control, or to a folder that holds the specs folder. The repository is the nearest folder upward with `.git`, `.hg`, `.jj` or `.svn`; without one, the topmost folder upward with a `Cargo.toml` or `pyproject.toml`; without one, the folder that holds the specs folder.\n\nName a folder of its own: `out: ../generated`."
    UNKNOWN_TIME_ZONE "C126" "unknown-time-zone" Error
        "A time zone that the engine does not know."
        "Zones are named as the IANA database names them, capitals included (`Europe/Vienna`, `UTC`), or are offsets of less than a day (`+05:30`). Another one is found out when the first value is shown, cast or compared.\n\nCorrect the name."
    SETTING_VALUE "C127" "setting-value" Error
        "A value that a setting cannot have."
        "The engine parses most values when they are set and believes them later: a word that is no unit, a number of partitions that no machine has or a batch of a thousand million rows end a query in a panic or in all of the memory. The values of every setting of every preset are therefore held against a table: words, and bounds that queries run with. Of settings that decide how SQL is read only that value is taken in which the queries of a catalog are written, checked and generated: the dialect `generic`, names without quotes in lower case.\n\nWrite a value that the finding names."

    PARTITION_NOT_IN_SCHEMA "C201" "partition-not-in-schema" Error
        "A partition column that is not among the columns."
        "Partition columns stand in their declared place among the columns; the folder names of a Hive layout supply their values.\n\nAdd the column, or correct the name."
    PARTITION_NESTED "C202" "partition-nested" Error
        "A partition column that is nested or of a nested type."
        "A folder name carries one scalar value of one top-level column.\n\nPartition by a top-level column of a scalar type."
    ORDERING_UNKNOWN "C203" "ordering-column-unknown" Error
        "A sort key that is no column."
        "The promised order names top-level columns.\n\nCorrect the name."
    KEY_UNKNOWN "C204" "key-column-unknown" Error
        "A column that a key, NOT NULL, reference or scan wish names and that does not exist."
        "Keys and references name output columns; NOT NULL may name a nested field by its path.\n\nCorrect the name."
    UNIQUE_NULLABLE "C205" "unique-key-nullable" Error
        "A unique key of a dataset over a column that may be NULL."
        "DataFusion trusts unique constraints and treats NULLs in them as one value: with such a key declared, it returns wrong rows (DataFusion issue 23634).\n\nDeclare the column `nullable: false`, or drop the key."
    DEFAULT_MISMATCH "C206" "default-type-mismatch" Error
        "A default or allowed value that does not fit its type."
        "It would fail on the first file that lacks the column.\n\nWrite a value of the declared type, or change the type."
    REFERENCE_NOT_KEY "C207" "reference-not-a-key" Error
        "A reference to columns that are not a key."
        "A reference says that every value names one row over there. That is only so where the columns are the relation's key.\n\nRefer to the key, or declare one."
    REFERENCE_MISMATCH "C208" "reference-type-mismatch" Error
        "A reference between columns of different number or type."
        "Values of different types are never equal, so every row would break the reference.\n\nMake both sides alike."
    RENAME_UNKNOWN "C209" "rename-target-unknown" Error
        "A rename to a field that the contract does not have."
        "`renames` maps the path that old files have to the name that the field has now, in the same place.\n\nCorrect the new name."
    INVALID_DURATION "C210" "invalid-duration" Error
        "A text that is no length of time."
        "Lengths of time are a whole number with a unit: `500ms`, `30s`, `2m`, `1h`.\n\nWrite it so."
    PLAN_TOO_LARGE "C220" "plan-too-large" Error
        "A view or statement whose plan is larger than the engine can work with."
        "To the engine a view is its query, put wherever the view is named, and so is a query of WITH. Thirty views that each read the one before twice come to a thousand million relations; a chain of thousands of views takes seconds and gigabytes before the first row. A view or statement may come to 1,000 relations and SELECTs, with 100 queries inside one another, and all views of a catalog to 100,000.\n\nName a relation once and join what is needed of it, or store the result of an inner view as a dataset."
    RECURSIVE_VIEW "C221" "recursive-view" Error
        "A view with a query that reads itself."
        "Nothing bounds WITH RECURSIVE: where its rows never end, neither does `verify`, nor any query over the view.\n\nWrite it as a prepared statement, which runs only when it is asked for, or store its result as a dataset."
    DEFAULT_NOT_ALLOWED "C222" "default-not-allowed" Error
        "A default that is not among the allowed values."
        "Where a file lacks the column, every row would read as a value that the contract excludes, and `verify --deep` would report each of them.\n\nWrite an allowed value, or allow this one."
    EMPTY_CATALOG "C240" "empty-catalog" Error
        "A catalog with nothing in it."
        "`include` leads to no spec: it is empty, or its folders hold no file that ends in `.yaml` or `.yml`. A run over such a catalog checks nothing, and must not look like one that found no mistake.\n\nName the folders that hold specs, or write one."
    EMPTY_INCLUDE "C241" "empty-include" Warning
        "A folder of `include` without a spec in it."
        "Folders are read for files that end in `.yaml` or `.yml`. This one has none: its specs may be called otherwise, or lie elsewhere, and nobody checks them.\n\nCorrect the path or the names, or take the folder out of `include`."

    VIEW_SHAPE "C301" "view-shape" Error
        "A view, accessor, column or type that says how it is made more than once, or not at all."
        "A view has exactly one of `rows`, `diagnose` and `sql`; an accessor exactly one of `entries`, `entry`, `pack` and `unpack`; a column at most one of `row`, `field` and `expr`; a type either `is` or `fields`; and keys that belong to one form stand only there.\n\nKeep the one that is meant."
    NOT_A_LIST "C302" "not-a-list" Error
        "A path to unnest that does not end in a list."
        "Row views give one row per element of a list.\n\nName the path of a list column or of a list inside one."
    NOT_A_MAP "C303" "not-a-map" Error
        "A path that should be a map and is not."
        "`entries` and `entry` read maps.\n\nName the path of a map."
    TYPE_DIFFERS "C304" "declared-type-differs" Error
        "A declared type that is not the one the expression has."
        "A written type is checked, not believed.\n\nCorrect the type, leave it out, or cast in the expression."
    NEEDS_TYPE "C305" "type-needed" Error
        "An expression whose type cannot be inferred."
        "The checker types a large but bounded set of expressions and never guesses.\n\nWrite the column's `type:`; the engine's answer is held against it when the view is verified."
    EXPRESSION_SYNTAX "C306" "expression-syntax" Error
        "An expression or query that does not parse."
        "It is read by the SQL parser that the engine uses.\n\nThe finding points at the place where the parser stopped."
    ARGUMENT_COUNT "C307" "argument-count" Error
        "A function with more or fewer arguments than it takes."
        "The signatures in `functions/` say how many.\n\nThe finding shows the signature."
    ARGUMENT_TYPE "C308" "argument-type" Error
        "An argument or operand of a type that does not fit."
        "The engine would refuse the view when it is planned.\n\nCast it, or use another function."
    SIGNATURE_SYNTAX "C309" "signature-syntax" Error
        "A text that is no signature, or one of another function."
        "Signatures are written `map_extract(map<K, V>, K) -> list<V>`: upper-case letters are type variables, `...` takes more of the last type, `?` after a parameter lets it be left out.\n\nThe finding points at the character where the reading failed."
    OUTPUT_DIFFERS "C310" "output-differs" Error
        "The declared output of a query is not what it selects."
        "A view with `sql` declares its output columns, by the names and in the order that the query gives them.\n\nName every selected expression with AS, and list the same names under `output`."
    PARAMETERS_DIFFER "C311" "parameters-differ" Error
        "A statement uses other parameters than it declares."
        "`parameters` gives the types of `$1`, `$2` and so on; the statement uses each of them.\n\nMake the list and the query agree."
}
