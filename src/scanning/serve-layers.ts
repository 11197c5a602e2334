// The worker's side of read-layer.ts: takes the bytes of one layer after the other and answers with their readings.
import type { MessagePort } from 'node:worker_threads'
import { openInbox, type WorkerInbox } from '../lib/worker-inbox.ts'
import { inventoryLayer } from './layer-inventory.ts'
import { LayerLimitError } from './layer-limits.ts'
import type { FromLayerWorker, ToLayerWorker } from './layer-reader.ts'
import type { LayerParsers } from './layer-recorder.ts'

/** Serves until the worker is terminated; a rejection is a bug and ends the worker. */
export async function serveLayers(port: MessagePort, parsers: LayerParsers): Promise<never> {
  const inbox = openInbox<ToLayerWorker>(port)
  for (;;) {
    const message = await inbox()
    // Bytes of a layer whose reading ended early are still under way.
    if (message.kind !== 'start') continue
    const { job, limits, expectedDiffId } = message
    const reading = await inventoryLayer(
      parsers,
      {
        chunks: chunksOf(port, inbox, job),
        ...(expectedDiffId !== undefined && { expectedDiffId }),
      },
      limits,
    )
    post(port, { kind: 'done', job, reading })
  }
}

async function* chunksOf(
  port: MessagePort,
  inbox: WorkerInbox<ToLayerWorker>,
  job: number,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const message = await inbox()
    if (message.job !== job) continue
    if (message.kind === 'end') return
    if (message.kind === 'stop') throw new LayerLimitError(message.message)
    if (message.kind === 'failed') throw new Error(message.message)
    if (message.kind === 'bytes') {
      post(port, { kind: 'taken', job, bytes: message.bytes.length })
      yield message.bytes
    }
  }
}

function post(port: MessagePort, message: FromLayerWorker): void {
  port.postMessage(message)
}
