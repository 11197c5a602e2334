// A worker's side of its port: one message after the other, however they arrive.
import type { MessagePort } from 'node:worker_threads'

export type WorkerInbox<Message> = () => Promise<Message>

export function openInbox<Message>(port: MessagePort): WorkerInbox<Message> {
  const messages: Message[] = []
  let wake: (() => void) | undefined
  port.on('message', (message: Message) => {
    messages.push(message)
    wake?.()
  })
  return async () => {
    for (;;) {
      const message = messages.shift()
      if (message !== undefined) return message
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
}
