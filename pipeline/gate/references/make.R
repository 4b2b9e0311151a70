# What pROC makes of the score files that make.py wrote: DeLong's AUC, variance, intervals and paired test, and
# glm's calibration slope. Run in this folder: Rscript make.R
suppressMessages(library(pROC))

number <- function(x) if (is.null(x) || is.na(x)) "null" else sprintf("%.17g", x)

curve <- function(data) roc(data$label, data$score, levels = c(0, 1), direction = "<", quiet = TRUE)

slope <- function(data) {
  p <- pmin(pmax(data$score, .Machine$double.eps), 1 - .Machine$double.eps)
  x <- log(p) - log1p(-p)
  if (max(x[data$label == 0]) <= min(x[data$label == 1])) return(NULL)
  glm(data$label ~ x, family = binomial, control = list(epsilon = 1e-15, maxit = 200))$coefficients[[2]]
}

one <- function(data) {
  r <- curve(data)
  interval <- suppressWarnings(as.numeric(ci.auc(r, method = "delong", conf.level = 0.95)))
  sprintf('{"auc": %s, "variance": %s, "interval": [%s, %s], "calibration_slope": %s}',
          number(as.numeric(auc(r))), number(var(r, method = "delong")), number(interval[1]), number(interval[3]),
          number(slope(data)))
}

entries <- sapply(c("random", "tied", "tiny", "separated", "imbalanced", "extreme"), function(name) {
  candidate <- read.csv(sprintf("binary-%s-candidate.csv", name))
  champion <- read.csv(sprintf("binary-%s-champion.csv", name))
  test <- suppressWarnings(roc.test(curve(candidate), curve(champion), method = "delong", paired = TRUE, conf.level = 0.9))
  covariance <- suppressWarnings(cov(curve(candidate), curve(champion), method = "delong"))
  sprintf('  "%s": {"candidate": %s, "champion": %s, "covariance": %s, "p_value": %s, "difference_interval_90": [%s, %s]}',
          name, one(candidate), one(champion), number(covariance), number(test$p.value),
          number(test$conf.int[1]), number(test$conf.int[2]))
})
writeLines(c(sprintf('{"pROC": "%s",', packageVersion("pROC")), paste(entries, collapse = ",\n"), "}"), "r.json")
