// Entry of a layer worker: the extractors of every ecosystem, served.
import { parentPort } from 'node:worker_threads'
import { parseReleaseFile } from '../ecosystems/release-files.ts'
import { allExtractors } from '../ecosystems/table.ts'
import { systemIds } from '../lib/ids.ts'
import { serveLayers } from './serve-layers.ts'

if (parentPort === null) throw new Error('layer-worker.ts runs as a worker only')
await serveLayers(parentPort, {
  extractors: allExtractors(),
  parseOsRelease: parseReleaseFile,
  secretSalt: () => systemIds.bytes(16),
})
