// Jobs on standard input. Each starts a module and calls functions of it: {code, pages, stack, writes: [[address, base64]],
// calls: [[name, ...numbers]], reads: [[address, bytes]]}. On standard output, for each, the bytes read, as base64.
import { readFileSync } from "node:fs";

async function work(job) {
  const memory = new WebAssembly.Memory({ initial: job.pages });
  const stack = new WebAssembly.Global({ value: "i32", mutable: true }, job.stack);
  const env = { __linear_memory: memory, __stack_pointer: stack };
  const { instance } = await WebAssembly.instantiate(Buffer.from(job.code, "base64"), { env });
  const bytes = Buffer.from(memory.buffer);
  for (const [address, data] of job.writes) Buffer.from(data, "base64").copy(bytes, address);
  for (const [name, ...numbers] of job.calls)
    instance.exports[name](...numbers.map((n) => (Number.isInteger(n) ? n : BigInt(n))));
  return job.reads.map(([address, size]) => bytes.subarray(address, address + size).toString("base64"));
}

const results = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) results.push(await work(job));
console.log(JSON.stringify(results));
