/** Aborted when the user stops the program, so that what is under way cleans up behind itself. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort(new Error(`stopped by ${signal}`)))
  }
  return controller.signal
}
