// Purpose:  a message in the envelope of EventBridge.
// Spec:     Amazon EventBridge user guide, "Events": version, id, detail-type, source, account, time, region, resources, detail.
// Input:    what is to be told.
// Deviates: `source` is `pratique` for what AWS has no event for (digests, tests).
// Unknowns: none.
import { detailOf } from './detail-of.ts'
import type { Notice } from './notice.ts'

export function renderEventBridge(notice: Notice): unknown {
  const { type, source, resources, detail } = detailOf(notice)
  return {
    version: '0',
    id: notice.id,
    'detail-type': type,
    source,
    account: notice.account,
    // To the second, as AWS writes it.
    time: notice.at.replace(/\.[0-9]+Z$/, 'Z'),
    region: notice.region,
    resources,
    detail,
  }
}
