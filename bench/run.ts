// npm run bench -- NAME: each benchmark prints its figures, and the peer's beside them where it is installed.
import { benchAdmission } from './admission.ts'
import { measureAdvisoryImport } from './advisory-import.ts'
import { benchLayerWalk } from './layer-walk.ts'
import { benchLifecycle } from './lifecycle.ts'
import { benchLists } from './lists.ts'
import { benchManifest } from './manifest.ts'
import { benchLargeLayer } from './large-layer.ts'
import { benchMemory } from './memory.ts'
import { benchMillion } from './million.ts'
import { benchMixed } from './mixed.ts'
import { benchPolicy } from './policy.ts'
import { benchPull } from './pull.ts'
import { benchPush } from './push.ts'
import { benchReevaluate } from './reevaluate.ts'
import { benchScan } from './scan.ts'

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const [name = '', ...rest] = process.argv.slice(2)

const benchmarks: Readonly<Record<string, () => Promise<void> | void>> = {
  admission: () => benchAdmission(print, rest.map(Number)),
  manifest: () => benchManifest(print),
  pull: () => benchPull(print),
  push: () => benchPush(print),
  mixed: () => benchMixed(print),
  lifecycle: () => benchLifecycle(print),
  lists: () => benchLists(print),
  memory: () => benchMemory(print),
  million: () => benchMillion(print),
  'large-layer': () => benchLargeLayer(print),
  'layer-walk': () => benchLayerWalk(),
  policy: () => benchPolicy(print),
  async reevaluate() {
    const sizes = rest.map(Number).filter((size) => Number.isSafeInteger(size) && size > 0)
    await benchReevaluate(print, sizes.length === 0 ? [10_000, 100_000] : sizes)
  },
  async scan() {
    const archives = rest.filter((file) => file.endsWith('.tar'))
    const data = rest.filter((file) => !file.endsWith('.tar'))
    if (archives.length === 0) {
      print('usage: npm run bench -- scan IMAGE.tar… [ADVISORIES.ndjson.zst…]')
      process.exitCode = 2
      return
    }
    await benchScan(print, archives, data)
  },
  async 'advisory-import'() {
    const [directory, ...sources] = rest
    if (directory === undefined) {
      print('usage: npm run bench -- advisory-import DIRECTORY SOURCE…')
      process.exitCode = 2
      return
    }
    for (const figures of await measureAdvisoryImport(directory, sources))
      print(JSON.stringify(figures))
  },
}

const benchmark = benchmarks[name]
if (benchmark === undefined) {
  print(`usage: npm run bench -- NAME, with NAME one of ${Object.keys(benchmarks).join(', ')}`)
  process.exitCode = 2
} else {
  await benchmark()
}
