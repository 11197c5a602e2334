// Entry of the worker that judges signatures.
import { parentPort } from 'node:worker_threads'
import { serveVerifier } from './serve-verifier.ts'

if (parentPort === null) throw new Error('verifier-worker.ts runs as a worker only')
await serveVerifier(parentPort)
