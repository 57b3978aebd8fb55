// The workloads in TensorFlow.js, under Node, on its WebAssembly backend. The first line on standard input is a workload and
// its arrays; each line after it asks for one call, and is answered with the number that the call ends with.
const readline = require('node:readline')
const path = require('node:path')
const tf = require('@tensorflow/tfjs')
const wasm = require('@tensorflow/tfjs-backend-wasm')

const tensor = ({ shape, data }) => {
  const bytes = Buffer.from(data, 'base64')
  return tf.tensor(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), shape, 'float32')
}

// Descends from where it began, in so many steps, and returns the loss that the last one had.
function descended(given, units, optimiser, loss) {
  const start = Object.fromEntries(Object.entries(given.parameters).map(([name, array]) => [name, tensor(array)]))
  const p = Object.fromEntries(Object.entries(start).map(([name, a]) => [name, tf.variable(a.clone())]))
  const [x, y] = [tensor(given.x), tensor(given.y)]
  return () => {
    for (const name in p) p[name].assign(start[name].clone())
    const steps = optimiser()
    let last
    for (let k = 0; k < units; k++) {
      const value = steps.minimize(() => loss(p, x, y), k === units - 1, Object.values(p))
      if (value) last = value
    }
    const found = last.dataSync()[0]
    last.dispose()
    steps.dispose()
    return found
  }
}

const layers = (p, x, count) => {
  let h = x
  for (let k = 1; k < count; k++) h = h.matMul(p['w' + k]).add(p['b' + k]).relu()
  return h.matMul(p['w' + count]).add(p['b' + count])
}

// Calls a function and its gradient, and returns a number made of both.
const both = (f, x, units, told) => {
  const slope = tf.valueAndGrad(f)
  return () => {
    let found
    for (let k = 0; k < units; k++) found = tf.tidy(() => {
      const { value, grad } = slope(x)
      return told(value.dataSync(), grad.dataSync())
    })
    return found
  }
}

const WORKLOADS = {
  W1: () => both((x) => x.mul(4).add(1).square(), tf.scalar(2), 10, (value, slope) => value[0] + slope[0]),
  W2: (given) => descended(given, 100, () => tf.train.sgd(0.001), (p, x, y) => layers(p, x, 4).sub(y).square().sum().div(50)),
  W3: (given) => descended(given, 200, () => tf.train.sgd(0.1), (p, x, y) =>
    y.sub(x.expandDims(0).matMul(p.w).squeeze([0]).add(p.b).sigmoid()).square().sum()),
  W5: (given) => descended(given, 20, () => tf.train.adam(1e-3, 0.9, 0.999, 1e-8), (p, x, y) => {
    const z = layers(p, x, 3)
    return y.mul(z.exp().sum(1, true).log().sub(z)).sum().div(128)
  }),
  W6: (given) => both((x) => x.tanh().mul(x.square().neg().exp()).add(x.sin()).sum(), tensor(given.x), 1,
    (value, slope) => value[0] + slope[12345]),
}

async function main() {
  wasm.setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep)
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend does not start')
  let call
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (call) console.log(String(call()))
    else {
      const given = JSON.parse(line)
      call = WORKLOADS[given.workload](given)
      console.log('ready')
    }
  }
}

main()
