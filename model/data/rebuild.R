# Rebuilds the full attrition table (1,470 rows, 35 columns) from the R package modeldata:
#     Rscript model/data/rebuild.R PATH_TO_WRITE
# Ordered labels become 1..5 again, the underscores that the package put in for spaces go, and the three columns that
# never vary, which it left out, come back.
path <- commandArgs(trailingOnly = TRUE)
stopifnot("usage: Rscript rebuild.R PATH_TO_WRITE" = length(path) == 1)
data(attrition, package = "modeldata")
full <- attrition
for (name in names(full)) {
  column <- full[[name]]
  if (is.ordered(column)) full[[name]] <- as.integer(column)
  else if (is.factor(column) && name != "BusinessTravel")
    full[[name]] <- gsub("_", " ", sub("Research_Development", "Research & Development", column))
}
full$EmployeeCount <- 1L
full$EmployeeNumber <- as.integer(rownames(full))
full$Over18 <- "Y"
full$StandardHours <- 80L
rest <- sort(setdiff(names(full), c("Age", "Attrition")), method = "radix")
write.csv(full[c("Age", "Attrition", rest)], path, row.names = FALSE, quote = FALSE)
