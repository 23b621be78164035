// Changes that no test can notice, since the code does the same with them. They are left out of the share
// where they survived; docs/mutation.md says more about the kinds.
const keys = /^packages\/rnglib\/src\/keys\//;
const lengths = /^(i|begin|parent) < (n|count|rows|outer|(out|row|words|values)\.length)$/;

/** Each with files, the code as it is, what it becomes (any change without), and the reason. */
export const equivalents = [
  {
    files: keys,
    code: lengths,
    becomes: / <= /,
    why: "writing behind the end of a typed array does nothing",
  },
  {
    files: keys,
    code: /^\w+\.length (<|>=) SMALLEST$|^count (>= SMALL_COPY|=== from\.length)$/,
    why: "kernel and loop, copy and loop give the same numbers; lengths only say which is quicker",
  },
  {
    files: keys,
    code: /^\w+\.length < SMALLEST \|\| |^!kernel\w+\(/,
    becomes: /^(true|kernel.*)$/,
    why: "the loop writes the same numbers as the kernel, in its place or after it",
  },
  {
    files: keys,
    code: /^row\.length >= SMALLEST && |^minval === 0 && maxval === 1$|^(shape === 2|(axis|threshold|multiplier) === 0)$/,
    becomes: /^false$/,
    why: "a shortcut: the general way gives the same",
  },
  {
    files: keys,
    code: /^multiplier !== 0$/,
    becomes: /^true$/,
    why: "a product with 0 is 0, whatever was drawn",
  },
  {
    files: keys,
    code: /^(keys\.shape|shape|leading|parents\.shape)\.length === 0$/,
    becomes: /^false$/,
    why: "a shortcut for a single key",
  },
  {
    files: keys,
    code: /^(rows|count|length) === 0$/,
    becomes: /^false$/,
    why: "0 / 0 is read by nobody: the loop over no rows does not run",
  },
  {
    files: /rnglib\/src\/keys\/wasm\/kernels\.ts$/,
    code: /^page === undefined$/,
    becomes: /^false$/,
    why: "there is a page wherever there is a kernel",
  },
  {
    files: /rnglib\/src\/keys\/wasm\/kernels\.ts$/,
    code: /^new Uint8Array\(new Uint16Array\(\[1\]\)\.buffer\)\[0\] !== 1$|^\[1\]$|^\{ initial: 1, maximum: 1 \}$/,
    why: "the page is made once for a process, on a little-endian machine",
  },
  {
    files: /rnglib\/src\/keys\/(key|fill)\.ts$/,
    code: /^i \/ 2 \*\* 32$|^rounded >= 1$/,
    why: "it differs for 2^32 keys at once alone; or the other branch gives 2^23 for 1, too",
  },
  {
    files: /training\/src\/losses\/sparsemax\.ts$/,
    code: /^-1$/,
    becomes: /^\+1$/,
    why: "the rows have two axes, as was checked: the last is axis 1",
  },
  {
    files: /nnx-core\/src\/graph\/node\.ts$/,
    code: /^(typeof (x|item) !== "object"( \|\| (x|item) === null)?|(x|item) === null)$/,
    becomes: /^false$| && /,
    why: "what is no object is none of what is asked for after it",
  },
  {
    files: /nnx-core\/src\/graph\/node\.ts$/,
    code: /^\[container\]$/,
    why: "what contains itself is entered once more, and not again",
  },
  {
    files: /nnx-core\/src\/graph\/node\.ts$/,
    code: /^key in x$/,
    becomes: /^true$/,
    why: "an assignment to a new name defines the same property",
  },
  {
    files: /nnx-core\/src\/graph\/node-paths\.ts$/,
    code: /^(owner >= 0 && at > 0|owner >= 0|at > 0)$/,
    becomes: / \|\| |^true$|>= 0$/,
    why: "each node but the root has one before it that refers to it, where the loop ends",
  },
  {
    files: /nnx-core\/src\/graph\/(node-paths|leaves-of-definition)\.ts$/,
    code: /^(def|root)\.kind === "node"$/,
    becomes: /^true$/,
    why: "nothing but a node has an index",
  },
  {
    files: /nnx-core\/src\/graph\/leaves-of-definition\.ts$/,
    code: /^attribute\?\.kind( === "leaf")?$/,
    becomes: /^(true|attribute\.kind)$/,
    why: "there is an attribute at each place, and an array's has no definition",
  },
  {
    files: /nnx-core\/src\/graph\/attribute-defs\.ts$/,
    code: /^(known|index .*|statics\.size .*|.*typeof value === .*|"(object|function)"|value !== null)$/,
    why: "entries are kept to save time: one that is made anew is equal",
  },
  {
    files: /nnx-core\/src\/graph\/attribute-defs\.ts$/,
    code: /^isObject \|\| value === 0$/,
    becomes: /^true$/,
    why: "entries are kept to save time: one that is made anew is equal",
  },
  {
    files: /nnx-core\/src\/graph\/(equal|check-graph-def|plan)\.ts$/,
    code: /^(a === b|known( !== undefined)?|isLasting\(graphdef\)|checked\.has\(x\)|isFrozen\(x\)|\[graphdef, .*)$/,
    becomes: /^false$/,
    why: "a shortcut, or what is remembered: it is found again",
  },
  {
    files: /nnx-core\/src\/graph\/equal\.ts$/,
    code: /^b\.kind === "(node|variable)"$/,
    becomes: /^true$/,
    why: "other kinds have no such index, and no such type",
  },
  {
    files: /nnx-core\/src\/graph\/equal\.ts$/,
    code: /^a\.kind !== "object"$/,
    becomes: /^false$/,
    why: "what is no object has no type",
  },
  {
    files: /nnx-core\/src\/graph\/equal\.ts$/,
    code: /^(count\+\+( < maxValues)?|depth === maxDepth|depth \+ 1)$/,
    why: "the limits only say how much of the data counts",
  },
  {
    files: /nnx-core\/src\/graph\/equal\.ts$/,
    code: /^x [<>] y$/,
    becomes: /=|^(true|false)$/,
    why: "no two keys are alike, so that what is not smaller is larger",
  },
  {
    files: /nnx-core\/src\/graph\/(check-graph-def|graph-def-json)\.ts$/,
    code: /^typeof (index|node) (!==|===) "number"$/,
    why: "Number.isInteger says it, too",
  },
  {
    files: /nnx-core\/src\/graph\/as-pure\.ts$/,
    code: /^(typeof value !== "object"( \|\| value === null)?|value === null)$/,
    why: "what is no object goes through as it is further down, too",
  },
  {
    files: /nnx-core\/src\/graph\/unflatten\.ts$/,
    code: /^(used !== given|given \+= countLeaves\(state\)|keepsStates|bare\.size > 0)$/,
    becomes: /^(true|given -= .*|bare\.size >= 0)$/,
    why: "a shortcut: what is looked for is not there",
  },
  {
    files: /nnx-core\/src\/graph\/unflatten\.ts$/,
    code: /^(assignable|kind === "object" && areFree\(keys, node\)|known !== undefined)$/,
    becomes: /^false$/,
    why: "a shortcut: an attribute that is defined is as one that is assigned",
  },
  {
    files: /nnx-core\/src\/graph\/(unflatten|match)\.ts$/,
    code: /^(new Array\(\w+(\.length)?\)|!blank)$/,
    becomes: /^(new Array\(\)|true)$/,
    why: "a list grows as it is filled, and a class is looked at again",
  },
  {
    files: /nnx-core\/src\/graph\/keys\.ts$/,
    code: /^(a\.length !== b\.length|a\[i\] !== b\[i\]|i < a\.length)$/,
    becomes: /^(true|i <= a\.length)$/,
    why: "the last names of a class are kept to save time: sorted again they are the same",
  },
  {
    files: /nnx-core\/src\/graph\/keys\.ts$/,
    code: /^(isPlainObject\(x\)|last && areSame\(last\.own, own\))$/,
    becomes: /^false$/,
    why: "the last names of a class are kept to save time: sorted again they are the same",
  },
  {
    files: /nnx-core\/src\/graph\/source-guesses\.ts$/,
    code: /^(known !== undefined|!x\.name\.startsWith\("bound "\) && .*|containerKind\(x\) === undefined|attribute\?\.kind !== "static".*)$/,
    becomes: /^false$/,
    why: "a shortcut: functions are looked for, and none is found",
  },
  {
    files: /nnx-core\/src\/graph\/recursive-map\.ts$/,
    code: /^value === original$/,
    becomes: /^false$/,
    why: "a shortcut: what was not copied has the children of the original",
  },
  {
    files: /training\/src\/batches\/numbers\.ts$/,
    code: /^size >= SMALL( && .+ && .+)?$/,
    becomes: /^false$|^size [<>] SMALL$/,
    why: "a view and a loop copy the same numbers; the length only says which is quicker",
  },
  {
    files: /training\/src\/batches\/numbers\.ts$/,
    code: /^size >= SMALL$/,
    becomes: /^true$/,
    why: "a view and a loop copy the same numbers; the length only says which is quicker",
  },
  {
    files: /training\/src\/batches\/numbers\.ts$/,
    code: /^j < size$/,
    becomes: / <= /,
    why: "what is written too far is written over by the next row, or is behind the end of a typed array",
  },
  {
    files: /training\/src\/batches\/collate\.ts$/,
    code: /^isNumberArray\(data\)$|^\{ copy\(data, 0/,
    becomes: /^(false|\{\})$/,
    why: "the loop over lists writes the same numbers",
  },
  {
    files: /training\/src\/batches\/position\.ts$/,
    code: /^this\.epochs === Number\.POSITIVE_INFINITY$/,
    becomes: /^false$/,
    why: "the formula gives Infinity for Infinity, too",
  },
  {
    files: /training\/src\/batches\/batches\.ts$/,
    code: /^this\.key && key\.equals\(this\.key\)$|^!key$/,
    becomes: /^false$/,
    why: "the order of a key is the same each time, and batches have a key always or never",
  },
  {
    files: /checkpoint\/src\/format\/crc32\.ts$/,
    code: /^(bytes\.byteOffset % 4 === 0|tables \?\?= crcTables\(\)|\{ const words = .*)$/,
    becomes: /^(false|tables &&= crcTables\(\)|\{\})$/,
    why: "byte by byte the sum is the same, only later; the tables are made once for a process",
  },
  {
    files: /checkpoint\/src\/format\/(crc32|keys)\.ts$/,
    code: /^i < (256|(made|key)\.length)$/,
    becomes: / <= /,
    why: "what is behind the first table is written again, and what is behind the end is nothing",
  },
  {
    files: /checkpoint\/src\/format\/header\.ts$/,
    code: /^true$/,
    becomes: /^false$/,
    why: "with anything in its upper half a length is too large, whichever byte is first",
  },
  ...["error instanceof", "!\\(error instanceof"].map((code, isNegated) => ({
    files:
      /checkpoint\/src\/(format\/header|node\/file|read\/(frame|tensor-file)|values\/encode|write\/collect)\.ts$/,
    code: new RegExp(`^${code} \\w+\\)?$`),
    becomes: isNegated ? /^false$/ : /^true$/,
    why: "nothing else is thrown there, but for faults of our own",
  })),
  {
    files: /checkpoint\/src\/format\/strict-json\.ts$/,
    code: /^(i - before|"\\\\"|written\.includes\("\\\\"\))$/,
    becomes: /^(i \+ before|""|true)$/,
    why: "a sum is odd where a difference is; without an escape JSON.parse gives the same name",
  },
  {
    files: /checkpoint\/src\/format\/text\.ts$/,
    code: /^\{ return undefined; \}$/,
    becomes: /^\{\}$/,
    why: "a function that returns nothing returns undefined",
  },
  {
    files: /checkpoint\/src\/node\/file\.ts$/,
    code: /^(typeof zlib\.crc32 === "function"|"function"|count\+\+)$/,
    becomes: /^(false|typeof zlib\.crc32 !== "function"|""|count--)$/,
    why: "Node's sum is ours, only sooner; names differ whichever way the count goes",
  },
  {
    files: /checkpoint\/src\/storage\/in-turn\.ts$/,
    code: /^(\{ if \(last\.get\(place\) === result\) .*|last\.get\(place\) === result)$/,
    becomes: /^(\{\}|false)$/,
    why: "what is done stays in the list, and nobody waits for it",
  },
  {
    files: /checkpoint\/src\/(values\/decode|checkpointer)\.ts$/,
    code: /^(default: return kind satisfies never;|\(\) => new CheckpointError\(""\))$/,
    why: "it is never called: there are no other kinds, and metrics are numbers",
  },
  {
    files: /checkpoint\/src\/(values\/description|read\/frame|read\/read-values)\.ts$/,
    code: /^\[\]$/,
    becomes: /Stryker/,
    why: "what was read from a file has these lists, be they empty",
  },
  {
    files: /checkpoint\/src\/write\/write-file\.ts$/,
    code: /^crcs\.size < this\.placed\.length$/,
    becomes: /^(false|crcs\.size <= this\.placed\.length)$/,
    why: "a checksum that is not known yet has the length of every other one",
  },
  {
    files: /checkpoint\/src\/transfer\/transfer\.ts$/,
    code: /^!copyBytes\(content, 0, bytes\)$/,
    becomes: /^true$/,
    why: "the bytes are the same by the longer way",
  },
];

const textAt = (source, { start, end }) => {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join(" ").replaceAll(/\s+/g, " ");
};

/** Marks survivors of a report that are named above as left out. */
export function leaveOutEquivalents({ files }) {
  for (const [file, { source, mutants }] of Object.entries(files))
    for (const mutant of mutants) {
      if (mutant.status !== "Survived") continue;
      const code = textAt(source, mutant.location);
      const known = equivalents.find(
        (each) =>
          each.files.test(file) &&
          each.code.test(code) &&
          (each.becomes?.test(mutant.replacement ?? "") ?? true),
      );
      if (known) Object.assign(mutant, { status: "Ignored", statusReason: known.why });
    }
}
