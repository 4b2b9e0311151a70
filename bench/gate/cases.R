# The benchmark's DeLong case in R's pROC: Rscript cases.R delong SIZE
suppressMessages(library(pROC))
size <- as.integer(commandArgs(trailingOnly = TRUE)[2])
set.seed(0)
labels <- as.integer((seq_len(size) - 1) %% 5 == 0)
shared <- 1.2 * labels + rnorm(size)
first <- plogis(shared + rnorm(size))
second <- plogis(shared + rnorm(size))
seconds <- replicate(2, system.time({
  one <- roc(labels, first, levels = c(0, 1), direction = "<", quiet = TRUE, algorithm = 2)
  two <- roc(labels, second, levels = c(0, 1), direction = "<", quiet = TRUE, algorithm = 2)
  roc.test(one, two, method = "delong", paired = TRUE)
})[["elapsed"]])
status <- tryCatch(readLines("/proc/self/status"), error = function(e) character())
peak <- as.numeric(gsub("[^0-9]", "", grep("^VmHWM", status, value = TRUE))) / 1024
cat(sprintf('{"seconds": [%s], "peak_mb": %s, "version": "pROC %s"}\n', paste(seconds, collapse = ", "),
            if (length(peak)) sprintf("%.1f", peak) else "null", packageVersion("pROC")))
