// Start a module and call functions of it: {code, pages, writes: [[address, base64]], calls: [[name, ...numbers]],
// reads: [[address, bytes]]} on standard input; the bytes read, as base64, on standard output.
import { readFileSync } from "node:fs";

const job = JSON.parse(readFileSync(0, "utf8"));
const memory = new WebAssembly.Memory({ initial: job.pages });
const stack = new WebAssembly.Global({ value: "i32", mutable: true }, job.pages * 65536);
const env = { __linear_memory: memory, __stack_pointer: stack };
const { instance } = await WebAssembly.instantiate(Buffer.from(job.code, "base64"), { env });
const bytes = Buffer.from(memory.buffer);
for (const [address, data] of job.writes) Buffer.from(data, "base64").copy(bytes, address);
for (const [name, ...numbers] of job.calls) instance.exports[name](...numbers.map((n) => (Number.isInteger(n) ? n : BigInt(n))));
console.log(JSON.stringify(job.reads.map(([address, size]) => bytes.subarray(address, address + size).toString("base64"))));
