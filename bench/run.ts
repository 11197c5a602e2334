// npm run bench -- NAME: each benchmark prints its figures, and the peer's beside them where it is installed.
import { benchManifestGet } from './manifest-get.ts'
import { benchPushPull } from './push-pull.ts'

const benchmarks: Readonly<Record<string, (print: (line: string) => void) => Promise<void>>> = {
  'manifest-get': benchManifestGet,
  'push-pull': benchPushPull,
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const [name = ''] = process.argv.slice(2)
const benchmark = benchmarks[name]
if (benchmark === undefined) {
  print(`usage: npm run bench -- NAME, with NAME one of ${Object.keys(benchmarks).join(', ')}`)
  process.exitCode = 2
} else {
  await benchmark(print)
}
