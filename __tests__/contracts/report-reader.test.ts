import { createReportBox } from '../../src/rehearsal/report-box.ts'
import { createVirtualClock } from '../../src/rehearsal/virtual-clock.ts'
import { START_MS, startGithubWorld } from '../github/world.ts'
import { reportReaderContract } from './report-reader.ts'

const LABELS = ['customer-report']

reportReaderContract('the rehearsed repository', async () => {
  const clock = createVirtualClock(START_MS)
  const { reports, hands } = createReportBox(clock.now, LABELS)
  return {
    reader: reports,
    hands,
    now: clock.now,
    pass: clock.sleep,
    close: () => Promise.resolve()
  }
})

reportReaderContract('GitHub', async () => {
  const { reports, simulator, clock, close } = await startGithubWorld()
  for (const label of LABELS) simulator.issueHands.addLabel(label)
  return {
    reader: reports,
    hands: simulator.issueHands,
    now: clock.now,
    pass: clock.sleep,
    close
  }
})
