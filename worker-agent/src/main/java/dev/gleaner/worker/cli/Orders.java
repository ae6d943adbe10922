package dev.gleaner.worker.cli;

import dev.gleaner.protocol.lease.Rank;
import dev.gleaner.worker.guest.Guest;
import dev.gleaner.worker.job.JobProgress;
import dev.gleaner.worker.tracker.Volunteer;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a running worker does when its owner says something. */
record Orders(Volunteer volunteer, Guest guest) {
    /** Obeys a word and tells, as one line of JSON, how the worker does. */
    String obey(String word) {
        Map<String, Object> answer = new LinkedHashMap<>();
        switch (word) {
            case "status" -> {}
            case "pause" -> guest.pause();
            case "resume" -> guest.resume();
            case "finish" -> volunteer.finish();
            case "stop" -> volunteer.stop();
            default -> answer.put("error", "it knows status, pause, resume, finish and stop");
        }
        answer.put("state", volunteer.state());
        guest.objection().ifPresent(why -> answer.put("rests", why));
        JobProgress progress = volunteer.progress();
        answer.put("stage", progress.stage());
        answer.put("candidates", progress.candidates());
        answer.put("finished", progress.finished());
        answer.put("kept", progress.kept());
        answer.put("network", volunteer.diagnosis());
        Rank rank = volunteer.rank();
        if (rank != null) {
            answer.put("place", rank.place());
            answer.put("of", rank.of());
        }
        answer.put("gave", volunteer.totals().toString());
        return JsonLines.line(answer);
    }
}
