// Purpose:  a message as mail in plain text.
// Spec:     RFC 5322 (Message-ID), RFC 3834 (Auto-Submitted, so that nobody's vacation answers).
// Input:    what is to be told; hostile words in it.
// Deviates: nothing.
// Unknowns: none.
import type { Notice } from './notice.ts'
import { sayNotice } from './say-notice.ts'

export interface Mail {
  readonly messageId: string
  readonly subject: string
  readonly text: string
  readonly date: Date
}

export function renderMail(notice: Notice, senderDomain: string): Mail {
  const { title, lines, url } = sayNotice(notice.body)
  const text = [
    title,
    '',
    ...lines,
    ...(url === undefined ? [] : [url]),
    '',
    `Registry ${notice.account}, ${notice.region}. Message ${notice.id}.`,
  ]
  return {
    messageId: `<${notice.id}@${senderDomain}>`,
    subject: `[pratique] ${title}`,
    text: `${text.join('\n')}\n`,
    date: new Date(notice.at),
  }
}
